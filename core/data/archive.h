/* archive: the only door to libarchive. Reads the members of an archive (.zip, or tar: plain, .gz or .xz), or one file
 * (plain, .gz or .xz), whole or in pieces. */
#ifndef CORE_DATA_ARCHIVE_H
#define CORE_DATA_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct {
    void *handle;     /* owned from archive_open to archive_close; NULL: a plain file, read from fd */
    const char *path; /* borrowed, for messages */
    bool raw;         /* one file, not an archive */
    int fd;           /* of a plain file; likewise owned */
} archive;

MUST_CHECK status archive_open(archive *out, const char *path);
/* One file that is not an archive; archive_next is called already. */
MUST_CHECK status archive_open_file(archive *out, const char *path);
void archive_close(archive *a);

/* Goes to the next regular file. *member is its path inside the archive, valid until the next call; NULL at the end. */
MUST_CHECK status archive_next(archive *a, const char **member);

/* The decompressed bytes of the current member; fails above `limit` bytes. The caller frees *out. */
MUST_CHECK status archive_read(uint8_t **out, size_t *size, archive *a, size_t limit);

/* The next `count` decompressed bytes of the current member; fewer (*got) only at its end. */
MUST_CHECK status archive_read_part(size_t *got, void *out, size_t count, archive *a);

/* Passes over the next `count` decompressed bytes: at once in a plain file, else by decompressing them. Beyond the end
 * of the member, the next read gets nothing. */
MUST_CHECK status archive_skip(archive *a, uint64_t count);

/* The decompressed bytes of one file that is not an archive. The caller frees *out. */
MUST_CHECK status archive_read_file(uint8_t **out, size_t *size, const char *path, size_t limit);

/* Writes the path of `name`, `name`.xz or `name`.gz in `folder`, whichever exists first, to path[room]. */
MUST_CHECK status archive_find(char *path, size_t room, const char *folder, const char *name);

#endif
