/* file: the few file operations everything durable is built on. Each passes its fail points (fail_point.h). */
#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* Creates the directory and its missing parents. */
MUST_CHECK status file_make_directory(const char *path);

/* Writes all bytes to the open file, in one call if the system takes them at once. `path` is for messages. */
MUST_CHECK status file_write_bytes(int fd, const char *path, const void *bytes, size_t count);

MUST_CHECK status file_sync(const char *path);
MUST_CHECK status file_rename(const char *from, const char *to);

/* fsync(temporary), rename(temporary -> path), fsync(directory): path holds the old or the new bytes, never a part. */
MUST_CHECK status file_publish(const char *temporary, const char *path);

/* link(from -> to): gives the file a second name, of all that try for the same name exactly one. *done = false (and OK)
 * when `to` is there already. Right on NFS, where the answer to a repeated request may be wrong. */
MUST_CHECK status file_link(bool *done, const char *from, const char *to);

/* Like file_publish, but never replaces: *there = true (and OK, temporary untouched) when `path` exists. */
MUST_CHECK status file_publish_new(bool *there, const char *temporary, const char *path);

/* Copies the bytes of a file to a new one (replacing what is at `to`); nothing is left there after a failure. */
MUST_CHECK status file_copy(const char *to, const char *from);

/* Writes text to a new file path.tmp-NUMBER and publishes it: of several that write at the same time, one is the last.
 */
MUST_CHECK status file_write_text(const char *path, const char *text);

/* The whole file as a NUL-terminated string; the caller frees *out. */
MUST_CHECK status file_read_text(char **out, const char *path);

#endif
