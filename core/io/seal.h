/* seal: the last 24 bytes of every HDF5 file of ours (data set, task, checkpoint, results): a mark and the CRC-32 of
 * everything before it. It is checked before HDF5 sees the file, because HDF5 crashes or loops for ever on damaged
 * bytes; HDF5 itself (h5py, h5dump) ignores it. It tells damage, not malice: anybody can make one. */
#ifndef CORE_IO_SEAL_H
#define CORE_IO_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

/* Appends the seal to a complete, closed file. */
MUST_CHECK status seal_append(const char *path);

/* Fails when the file is missing, cut off or changed. */
MUST_CHECK status seal_check(const char *path);
/* For HDF5 files that other programs may have written: *sealed = false (and OK) for a file that never had a seal. DATA
 * when it had one that does not fit, also when nothing else is left of it than that the file is up to 24 bytes too
 * long. */
MUST_CHECK status seal_look(bool *sealed, const char *path);
/* The same as seal_check; end[bytes] := the last bytes before the seal. DATA when there are fewer. */
MUST_CHECK status seal_check_end(void *end, size_t bytes, const char *path);

#endif
