/* dataset_header: what a prepared file says about itself, read and checked with words for those who wrote it by hand.
 * The layout, with what is required and what is optional: core/data/README.md. */
#ifndef CORE_DATA_DATASET_HEADER_H
#define CORE_DATA_DATASET_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/data/dataset_format.h"
#include "core/io/h5.h"

/* An open file and its name for messages (those of h5 name it themselves). */
typedef struct {
    h5_id file;
    const char *path; /* borrowed */
} dataset_source;

typedef struct {
    dataset shape;           /* everything but counts of splits and pointers */
    bool has_checksum;       /* else shape.content_checksum is still to be computed, and source_checksum with it */
    bool plain;              /* the samples lie in the file as they are ... */
    uint64_t samples_offset; /* ... from here on */
} dataset_header;

/* STATUS_DATA: another format, a missing or misshapen data set, float samples, compression that is not read, ... */
MUST_CHECK status dataset_header_read(dataset_header *out, const dataset_source *from);

/* Labels within the classes, no split (marks: 0 to 2) empty. */
MUST_CHECK status dataset_check_members(const dataset *shape, const int32_t *labels, const uint8_t *marks,
                                        const char *path);

/* Bytes of all samples. */
size_t dataset_sample_bytes(const dataset *shape);

#endif
