/* file: the few file operations everything durable is built on. */
#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

bool file_exists(const char *path);

/* Creates the directory and its missing parents. */
MUST_CHECK status file_make_directory(const char *path);

/* fsync(temporary), rename(temporary -> path), fsync(directory): path holds the old or the new bytes, never a part. */
MUST_CHECK status file_publish(const char *temporary, const char *path);

/* Writes text to path.tmp and publishes it. */
MUST_CHECK status file_write_text(const char *path, const char *text);

/* The whole file as a NUL-terminated string; the caller frees *out. */
MUST_CHECK status file_read_text(char **out, const char *path);

#endif
