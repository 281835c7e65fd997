/* import_pictures: labelled PNG and JPEG files, wherever they lie -> prepared file. What the importers folder and
 * tiny_imagenet have in common. Decoding is shared out among ranks and survives a kill (pieces.h). One picture and one
 * piece of samples are in memory at a time. */
#ifndef CORE_DATA_IMPORT_IMPORT_PICTURES_H
#define CORE_DATA_IMPORT_IMPORT_PICTURES_H

#include "core/base/checksum.h"
#include "core/data/import/importer.h"

enum { PICTURE_NAME = 1200 };

typedef struct {
    const import_request *request; /* has the options of PICTURE_KEYS and DIVISION_KEYS */
    const char *kind;              /* "pictures": for the attribute `source` */
    const char *source;            /* path */
    int channels;                  /* of the samples, without --channels; 0: as the files, if all are alike */
    int count, classes;
    int32_t *labels;                /* (count); borrowed, and changed when pictures are left out */
    uint8_t *marks;                 /* (count): split, or DIVISION_OPEN; likewise */
    const char *const *class_names; /* (classes) */
    /* The bytes of file i, which the caller frees, and what to call it. */
    status (*read)(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i);
    /* Adds what changes when the files do (checksum_stamp). */
    status (*stamp)(checksum *sum, const void *where);
    const void *where;
} picture_job;

#define PICTURE_KEYS                                                                                                   \
    {.name = "size",                                                                                                   \
     .value = "HxW",                                                                                                   \
     .type = IMPORT_TEXT,                                                                                              \
     .help = "pixels of every sample (96 means 96x96); default: as the files, if all are alike"},                      \
        {.name = "fit",                                                                                                \
         .value = "crop|stretch",                                                                                      \
         .type = IMPORT_TEXT,                                                                                          \
         .fallback = "crop",                                                                                           \
         .help = "how a picture of another shape gets this size: middle part (default), or distorted"},                \
        {.name = "channels",                                                                                           \
         .value = "1|3",                                                                                               \
         .type = IMPORT_INTEGER,                                                                                       \
         .low = 1,                                                                                                     \
         .high = 3,                                                                                                    \
         .help = "1 grey, 3 colour; default: as the files, if all are alike"},                                         \
    {                                                                                                                  \
        .name = "skip-bad", .type = IMPORT_SWITCH, .help = "leave out files that cannot be read, and count them"       \
    }

/* Collective. Division as in import_arrays. source_checksum: the bytes of the files, one after another, in the order of
 * samples. */
MUST_CHECK status import_pictures(picture_job *job);

#endif
