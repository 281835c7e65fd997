/* import_arrays: samples and labels as arrays in files -> prepared file. What the importers npy and idx have in common.
 * All ranks make samples, and a kill is survived (pieces.h); in files that are not packed each rank reads its own part
 * only, packed ones are unpacked by each. One sample and one piece are in memory. */
#ifndef CORE_DATA_IMPORT_IMPORT_ARRAYS_H
#define CORE_DATA_IMPORT_IMPORT_ARRAYS_H

#include "core/data/import/array_file.h"
#include "core/data/import/importer.h"

/* Files (and members of an .npz) that belong to one split, or to none yet (DIVISION_OPEN). */
typedef struct {
    const char *images, *images_member, *labels, *labels_member; /* borrowed */
    uint8_t mark;
} array_part;

enum { ARRAY_PARTS = 3 };

typedef struct {
    array_opener *open;
    const import_request *request; /* has the options of ARRAY_KEYS and DIVISION_KEYS */
    array_part parts[ARRAY_PARTS];
    int part_count;
    bool channels_first; /* (N, C, H, W) in the file */
    double limit;        /* floats: the real value that becomes the largest code; 0: not said */
    const char *source;  /* for the name of the data set and for messages */
} array_job;

/* Options that import_arrays reads. */
#define ARRAY_KEYS                                                                                                     \
    {.name = "class-names",                                                                                            \
     .value = "LIST",                                                                                                  \
     .type = IMPORT_TEXT,                                                                                              \
     .help = "names with commas between them, or a file with one in each line"},                                       \
    {                                                                                                                  \
        .name = "labels-from", .value = "0|1", .type = IMPORT_INTEGER, .fallback = "0", .high = 1,                     \
        .help = "label of the first class in the files; default 0"                                                     \
    }

/* Collective. The division is that of division.h for parts that are DIVISION_OPEN; a split that some part has is not
 * drawn. source_checksum: the bytes of the label arrays, part by part, then of the sample arrays, with their headers.
 */
MUST_CHECK status import_arrays(const array_job *job);

#endif
