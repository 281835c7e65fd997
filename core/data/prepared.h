/* prepared: writes a prepared data set (layout: core/data/README.md), the file that `bitfront prepare` makes from a raw
 * source and that core/data/dataset.c reads. */
#ifndef CORE_DATA_PREPARED_H
#define CORE_DATA_PREPARED_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Everything is borrowed for the call. */
typedef struct {
    const char *name;            /* "cifar10": below 64 bytes */
    const char *source;          /* what it was made from, one line, without directories */
    const char *source_checksum; /* "sha256:...": of the raw bytes, in the order README.md says */
    const char *features;        /* how samples were computed, one line; NULL: they are the source's own values */
    int height, width, channels, classes, count;
    int is_signed;                  /* 0: uint8 samples, 1: int8 samples */
    float scale;                    /* real value = sample * scale */
    const void *samples;            /* (count, height, width, channels), uint8 or int8 */
    const int32_t *labels;          /* (count), 0 ... classes-1 */
    const uint8_t *split;           /* (count), values of `split` in dataset_format.h; no split may be empty */
    const char *const *class_names; /* (classes), each below 64 bytes */
    uint64_t split_seed;            /* what chose the validation samples ... */
    double validation_fraction;     /* ... and which part of train + validation they are */
} prepared;

/* SHA-256 over samples, labels (little-endian int32) and split: what dataset_load compares. text[CHECKSUM_TEXT]. */
MUST_CHECK status prepared_checksum(char *text, const prepared *p);

/* Refuses what no network could be trained on, before anything is written: an empty split, a label that is no class, a
 * class without training samples, a bad name. Looks at everything but the samples. STATUS_DATA, STATUS_CONFIG. */
MUST_CHECK status prepared_check(const prepared *p);

/* Writes a sealed file (core/io/seal.h) and puts it in the place of `path`, whole; after a failure nothing of it is
 * left behind. */
MUST_CHECK status prepared_write(const char *path, const prepared *p);

/* The same with samples that come in pieces, for sets larger than memory. prepared_open uses everything of `p` but
 * samples and source_checksum, which may be NULL; labels, split and names must live until the end. */
typedef struct prepared_file prepared_file;
MUST_CHECK status prepared_open(prepared_file **out, const char *path, const prepared *p);
/* The next `count` samples. */
MUST_CHECK status prepared_add(prepared_file *f, const void *samples, int count);
/* After the last sample. Closes in any case; nothing is left behind after a failure. */
MUST_CHECK status prepared_close(prepared_file *f, const char *source_checksum);
void prepared_discard(prepared_file *f); /* gives up; NULL is allowed */

/* Text for `source`, into out[size]: "WHAT, read from NAME", with the last component of the path. */
void prepared_source(char *out, size_t size, const char *what, const char *path);

/* The part of the training and validation samples that validate; marks[count]: the split of each. */
double prepared_validation_fraction(const uint8_t *marks, int count);

#endif
