/* partial: samples that were made already, in a file beside the output ("OUT.partial"), so that a command that was
 * killed goes on where it was. A head with a key, which tells what is made, then records of fixed sizes, each with its
 * CRC-32. Rank 0 alone uses it. */
#ifndef CORE_DATA_IMPORT_PARTIAL_H
#define CORE_DATA_IMPORT_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

typedef struct partial partial;

/* Opens OUT.partial and locks it; *records := how many complete ones it holds. One with another key, or one that is no
 * such file, is named on standard error and emptied. All records have `bytes` bytes but the last of `count`, which has
 * `last`. CONFIG: another process is writing it. `key`: text of CHECKSUM_TEXT. */
MUST_CHECK status partial_open(partial **out, int *records, const char *output, const char *key, int count,
                               size_t bytes, size_t last);

/* Record i, which must be there. DATA: it is damaged. */
MUST_CHECK status partial_read(partial *p, int i, void *record);
/* `bytes` bytes at `from` of record i, without a look at its CRC. */
MUST_CHECK status partial_read_part(partial *p, int i, size_t from, void *out, size_t bytes);
/* The next one. */
MUST_CHECK status partial_append(partial *p, const void *record);
/* Says that the file is damaged, and begins with an empty one. */
MUST_CHECK status partial_restart(partial *p);

const char *partial_path(const partial *p);

/* Closes, and removes the file unless it is kept. NULL is allowed. */
void partial_close(partial *p, bool keep);

#endif
