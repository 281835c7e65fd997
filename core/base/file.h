/* file: the few file operations everything durable is built on. Each passes its fail points (fail_point.h). */
#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* Whose fault is it that a path cannot be opened, by errno: CONFIG when it names nothing that could be, IO when the
 * system does not let us. */
status_code file_fault(int why);

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

/* Replaces `path` by a file with this text: of several that write at the same time, one is the last. */
MUST_CHECK status file_write_text(const char *path, const char *text);

/* The same without waiting for the disk, for what is written every second: after a crash of the machine an older text
 * or none may be there. */
MUST_CHECK status file_write_text_soon(const char *path, const char *text);

/* Opens for reading what has to be a file: CONFIG for a directory, a FIFO (without waiting for its writer) or a device,
 * IO with the system's reason when it cannot be opened. The caller closes *fd. */
MUST_CHECK status file_open_plain(int *fd, const char *path);

/* The same for libraries that open by name themselves. */
MUST_CHECK status file_check_plain(const char *path);

/* May `path` be replaced by a file? Also when nothing is there. CONFIG when it is a directory, a FIFO or a device. */
MUST_CHECK status file_check_place(const char *path);

/* Replaces what is at `path` (nothing, or a file; links are followed) by a file that is written beside it: begin makes
 * it, empty, under a name that nobody else uses; end publishes it as file_publish does and leaves nothing behind when
 * that fails; abandon removes it. */
enum { FILE_PATH = 4096 };
typedef struct {
    char target[FILE_PATH], temporary[FILE_PATH];
    int mode; /* permissions of the file that is there, which the new one gets; -1: there is none */
} file_replacement;
MUST_CHECK status file_replace_begin(file_replacement *out, const char *path);
MUST_CHECK status file_replace_end(const file_replacement *r);
void file_replace_abandon(const file_replacement *r);

/* Removes what has begun and not ended: for a process that leaves at once. Safe in a signal handler. */
void file_replace_leave(void);

/* Makes a directory beside `path` under a name that nobody else uses. */
MUST_CHECK status file_directory_beside(char temporary[FILE_PATH], const char *path);

/* The whole file, and a NUL behind it; the caller frees *out. */
MUST_CHECK status file_read_bytes(char **out, size_t *count, const char *path);

/* The whole text file as a NUL-terminated string, without a byte order mark; the caller frees *out. CONFIG when it is
 * no text that we can read: NUL bytes (with the line), UTF-16, lines that end with CR alone. */
MUST_CHECK status file_read_text(char **out, const char *path);

/* The last component of a path, without trailing slashes; into out[size]. */
void file_basename(char *out, size_t size, const char *path);

#endif
