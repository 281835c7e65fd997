#define _POSIX_C_SOURCE 200809L
#include "core/data/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"

enum { BLOCK_BYTES = 1 << 16, FIRST_BYTES = 1 << 20 };

/* When the system refused, libarchive passes errno on; for bytes that it cannot understand it says EILSEQ or -1. */
static status failure(const archive *a)
{
    const char *reason = archive_error_string(a->handle);
    const char *kind = a->raw ? "a plain, .gz or .xz file" : "a .zip, .tar, .tar.gz or .tar.xz archive";
    int number = archive_errno(a->handle);
    if (number > 0 && number != EILSEQ)
        return status_fail(STATUS_IO, "cannot read %s: %s", a->path, reason != NULL ? reason : "unknown reason");
    return status_fail(STATUS_DATA, "%s is not %s, or it is incomplete or damaged (%s)", a->path, kind,
                       reason != NULL ? reason : "unknown reason");
}

/* raw: the file is one member (named "data" by libarchive), whatever its bytes are. */
static status open_as(archive *out, const char *path, bool raw)
{
    TRY(file_check_plain(path));
    archive a = {archive_read_new(), path, raw, -1};
    if (a.handle == NULL) return status_fail(STATUS_MEMORY, "no memory to read %s", path);
    archive_read_support_filter_gzip(a.handle);
    archive_read_support_filter_xz(a.handle);
    if (raw) {
        archive_read_support_format_raw(a.handle);
        archive_read_support_format_empty(a.handle);
    } else {
        archive_read_support_format_tar(a.handle);
        archive_read_support_format_zip_seekable(a.handle); /* one that is cut has no directory, and is refused */
    }
    if (archive_read_open_filename(a.handle, path, BLOCK_BYTES) != ARCHIVE_OK) {
        status s = failure(&a);
        archive_read_free(a.handle);
        return s;
    }
    *out = a;
    return status_ok();
}

status archive_open(archive *out, const char *path)
{
    return open_as(out, path, false);
}

void archive_close(archive *a)
{
    if (a->handle != NULL) archive_read_free(a->handle);
    if (a->handle == NULL) close(a->fd);
    a->handle = NULL;
    a->fd = -1;
}

/* The next bytes of the member, at most `count`; *got = 0 at its end. */
static status read_some(size_t *got, void *out, size_t count, archive *a)
{
    ssize_t piece;
    do {
        piece = a->handle != NULL ? archive_read_data(a->handle, out, count) : read(a->fd, out, count);
    } while (piece < 0 && a->handle == NULL && errno == EINTR);
    if (piece < 0 && a->handle == NULL) return status_fail(STATUS_IO, "cannot read %s: %s", a->path, strerror(errno));
    if (piece < 0) return failure(a);
    *got = (size_t)piece;
    return status_ok();
}

status archive_next(archive *a, const char **member)
{
    struct archive_entry *entry;
    for (;;) {
        int code = archive_read_next_header(a->handle, &entry);
        if (code == ARCHIVE_EOF) {
            *member = NULL;
            return status_ok();
        }
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure(a);
        if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_pathname(entry) != NULL) break;
    }
    *member = archive_entry_pathname(entry);
    return status_ok();
}

status archive_read(uint8_t **out, size_t *size, archive *a, size_t limit)
{
    /* One byte more than the limit is asked for, to tell "exactly the limit" from "more". */
    size_t used = 0, capacity = limit < FIRST_BYTES ? limit + 1 : FIRST_BYTES;
    uint8_t *bytes = malloc(capacity);
    while (bytes != NULL) {
        size_t got;
        status s = read_some(&got, bytes + used, capacity - used, a);
        if (failed(s)) {
            free(bytes);
            return s;
        }
        used += got;
        if (used > limit) {
            free(bytes);
            return status_fail(STATUS_DATA, "%s is larger than expected: more than %zu bytes", a->path, limit);
        }
        if (got == 0) break;
        if (used < capacity) continue;
        capacity = capacity > limit / 2 ? limit + 1 : 2 * capacity;
        uint8_t *more = realloc(bytes, capacity);
        if (more == NULL) free(bytes);
        bytes = more;
    }
    if (bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for the contents of %s", a->path);
    *out = bytes;
    *size = used;
    return status_ok();
}

status archive_read_part(size_t *got, void *out, size_t count, archive *a)
{
    *got = 0;
    while (*got < count) {
        size_t piece;
        TRY(read_some(&piece, (char *)out + *got, count - *got, a));
        if (piece == 0) break;
        *got += piece;
    }
    return status_ok();
}

status archive_skip(archive *a, uint64_t count)
{
    uint8_t unused[1 << 14];
    if (a->handle == NULL && lseek(a->fd, (off_t)count, SEEK_CUR) < 0)
        return status_fail(STATUS_IO, "cannot read %s: %s", a->path, strerror(errno));
    while (a->handle != NULL && count > 0) {
        size_t got;
        TRY(read_some(&got, unused, count < sizeof unused ? count : sizeof unused, a));
        if (got == 0) break;
        count -= got;
    }
    return status_ok();
}

/* Files that are not packed are read without libarchive, which could not skip in them. */
static status open_plain(bool *plain, archive *out, const char *path)
{
    uint8_t start[6] = {0};
    archive a = {NULL, path, true, -1};
    TRY(file_open_plain(&a.fd, path));
    const ssize_t got = pread(a.fd, start, sizeof start, 0);
    const bool packed = memcmp(start, "\x1f\x8b", 2) == 0 || memcmp(start,
                                                                    "\xfd"
                                                                    "7zXZ\0",
                                                                    6) == 0;
    *plain = got > 0 && !packed;
    if (*plain)
        *out = a;
    else
        archive_close(&a);
    return status_ok();
}

status archive_open_file(archive *out, const char *path)
{
    const char *member;
    bool plain;
    TRY(open_plain(&plain, out, path));
    if (plain) return status_ok();
    TRY(open_as(out, path, true));
    status s = archive_next(out, &member);
    if (!failed(s) && member == NULL) s = status_fail(STATUS_DATA, "%s is empty", path);
    if (failed(s)) archive_close(out);
    return s;
}

status archive_read_file(uint8_t **out, size_t *size, const char *path, size_t limit)
{
    archive a;
    TRY(archive_open_file(&a, path));
    status outcome = archive_read(out, size, &a, limit);
    archive_close(&a);
    return outcome;
}

status archive_find(char *path, size_t room, const char *folder, const char *name)
{
    static const char *const endings[] = {"", ".xz", ".gz"};
    for (int e = 0; e < 3; e++) {
        if ((size_t)snprintf(path, room, "%s/%s%s", folder, name, endings[e]) >= room)
            return status_fail(STATUS_CONFIG, "path is too long: %.60s...", folder);
        if (file_exists(path)) return status_ok();
    }
    return status_fail(STATUS_DATA, "%s is missing in %s (also with .xz or .gz)", name, folder);
}
