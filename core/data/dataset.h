/* dataset: a prepared data set in memory. The file (written by `bitfront prepare`, layout in core/data/README.md) is
 * read once per node into one block that the caller provides, so that ranks can share it: ask for the size, provide the
 * block, load on one rank, attach on all. A dataset is a view into that block and owns nothing. */
#ifndef CORE_DATA_DATASET_H
#define CORE_DATA_DATASET_H

#include <stddef.h>

#include "core/base/status.h"
#include "core/data/dataset_format.h"

/* Bytes of the block for the file at `path`. Checks that it is a prepared data set of a known version, and its seal; a
 * file without a seal is read completely by a child process first (core/io/probe.h). */
MUST_CHECK status dataset_measure(size_t *bytes, const char *path);
/* What the file says of its content (dataset_load checks it), or, when it says nothing, what it is. text[72]. */
MUST_CHECK status dataset_content_checksum(char *text, const char *path);
/* Reads the file into block[bytes]. Checks labels, splits and the stored checksum of samples and labels; computes a
 * checksum that is not stored. */
MUST_CHECK status dataset_load(void *block, size_t bytes, const char *path);
/* A view into a loaded block (at whatever address it is mapped here). */
dataset dataset_attach(const void *block);
/* The same also for samples that are not in the block: those of a file whose samples take more than half of the
 * machine's memory (or than BITFRONT_DATA_MEMORY megabytes of the environment) are mapped from the file, read-only,
 * until the process ends. The system keeps what was read lately, once for all processes of the node, and gives it up
 * when memory is needed. Nobody may shorten the file meanwhile. */
MUST_CHECK status dataset_open(dataset *out, const void *block);

#endif
