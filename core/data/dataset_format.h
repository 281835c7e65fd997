/* dataset_format: what those who write, read and use prepared data sets have in common: the name of the format, limits,
 * splits, and the view of a set that is in memory. */
#ifndef CORE_DATA_DATASET_FORMAT_H
#define CORE_DATA_DATASET_FORMAT_H

#include <stdint.h>

/* Of prepared files: their attributes `format` and `format_version`. */
#define DATASET_FORMAT "bitfront data set"
enum { DATASET_VERSION = 1 };

typedef enum { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_COUNT } split;

enum { DATASET_MAX_CLASSES = 1000, DATASET_NAME = 64 };

typedef struct {
    char name[DATASET_NAME];
    char source_checksum[72];  /* SHA-256 of the raw source, "sha256:" and hexadecimal digits */
    char content_checksum[72]; /* of samples, labels and splits: what results depend on */
    int height, width, channels, classes, count;
    int is_sealed; /* 0: made by another program, or before there were seals (core/io/seal.h) */
    int is_signed; /* 0: uint8 samples, 1: int8 samples */
    float scale;   /* real value = sample * scale: 1/255 for images */
    int split_count[SPLIT_COUNT];
    const int32_t *split_index[SPLIT_COUNT]; /* sample numbers of each split, increasing */
    const int32_t *labels;                   /* (count), 0 ... classes-1 */
    const void *samples;                     /* (count, height, width, channels), uint8 or int8 */
    const char *class_names;                 /* classes strings of DATASET_NAME bytes each */
} dataset;

#endif
