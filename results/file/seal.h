/* seal: the last 24 bytes of a task file or a checkpoint: a mark and the CRC-32 of everything before it. It is checked
 * before HDF5 sees the file, because HDF5 may crash on damaged bytes; HDF5 itself (h5py, h5dump) ignores it. */
#ifndef RESULTS_FILE_SEAL_H
#define RESULTS_FILE_SEAL_H

#include <stddef.h>

#include "core/base/status.h"

/* Appends the seal to a complete, closed file. */
MUST_CHECK status seal_append(const char *path);

/* Fails when the file is missing, cut off or changed. */
MUST_CHECK status seal_check(const char *path);
/* The same; end[bytes] := the last bytes before the seal. DATA when there are fewer. */
MUST_CHECK status seal_check_end(void *end, size_t bytes, const char *path);

#endif
