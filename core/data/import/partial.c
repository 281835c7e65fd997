#define _DEFAULT_SOURCE /* flock */
#include "core/data/import/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/checksum.h"
#include "core/base/file.h"

enum { HEAD_BYTES = 28 + 100, CRC_BYTES = 4 };

struct partial {
    int fd, count, written;
    size_t bytes, last;
    char head[HEAD_BYTES + 1], path[FILE_PATH];
};

static size_t record_bytes(const partial *p, int i)
{
    return i + 1 == p->count ? p->last : p->bytes;
}

static off_t record_start(const partial *p, int i)
{
    return (off_t)HEAD_BYTES + (off_t)i * (off_t)(p->bytes + CRC_BYTES);
}

static void store_crc(uint8_t out[CRC_BYTES], const void *record, size_t bytes)
{
    const uint32_t crc = libdeflate_crc32(0, record, bytes);
    for (int k = 0; k < CRC_BYTES; k++) out[k] = (uint8_t)(crc >> 8 * k);
}

static status failure(const partial *p, const char *what)
{
    return status_fail(STATUS_IO, "cannot %s %s: %s", what, p->path, strerror(errno));
}

static status read_at(const partial *p, void *out, size_t bytes, off_t at)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(p->fd, (char *)out + done, bytes - done, at + (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure(p, "read");
        if (got == 0) return status_fail(STATUS_DATA, "%s is cut off", p->path);
        done += (size_t)got;
    }
    return status_ok();
}

/* What comes after record `records` - 1 is dropped: the end of one that was being written. */
static status cut(partial *p, int records)
{
    off_t end = records == 0          ? 0
                : records == p->count ? record_start(p, records - 1) + (off_t)(p->last + CRC_BYTES)
                                      : record_start(p, records);
    if (ftruncate(p->fd, end) != 0) return failure(p, "shorten");
    if (lseek(p->fd, end, SEEK_SET) != end) return failure(p, "write");
    p->written = records;
    return records > 0 ? status_ok() : file_write_bytes(p->fd, p->path, p->head, HEAD_BYTES);
}

static int complete_records(const partial *p, off_t size)
{
    int records = 0;
    while (records < p->count && record_start(p, records) + (off_t)(record_bytes(p, records) + CRC_BYTES) <= size)
        records++;
    return records;
}

static status look(partial *p, const struct stat *info)
{
    char head[HEAD_BYTES + 1] = "";
    const size_t magic = strcspn(p->head, "\n") + 1;
    if (info->st_size == 0) return cut(p, 0);
    const bool whole = info->st_size >= HEAD_BYTES;
    if (whole) TRY(read_at(p, head, HEAD_BYTES, 0));
    if (whole && memcmp(head, p->head, HEAD_BYTES) == 0) return cut(p, complete_records(p, info->st_size));
    const bool ours = whole && memcmp(head, p->head, magic) == 0;
    fprintf(stderr, "%s %s: started afresh\n", p->path,
            ours ? "belongs to another source or to other options" : "is damaged, or no partial data set");
    return cut(p, 0);
}

static status lock_and_look(partial *p)
{
    struct stat info;
    /* Where locks do not exist, nobody is kept out. */
    if (flock(p->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return status_fail(STATUS_CONFIG, "%s is being written by another bitfront prepare", p->path);
    if (fstat(p->fd, &info) != 0) return failure(p, "look at");
    if (info.st_nlink == 0)
        return status_fail(STATUS_CONFIG, "another bitfront prepare has just finished with %s", p->path);
    return look(p, &info);
}

status partial_open(partial **out, int *records, const char *output, const char *key, int count, size_t bytes,
                    size_t last)
{
    partial *p = malloc(sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory to prepare %.200s", output);
    *p = (partial){.fd = -1, .count = count, .bytes = bytes, .last = last};
    snprintf(p->head, sizeof p->head, "bitfront partial data set 1\n%-100.100s", key); /* HEAD_BYTES in all */
    status s = status_ok();
    if (snprintf(p->path, sizeof p->path, "%s.partial", output) >= (int)sizeof p->path)
        s = status_fail(STATUS_CONFIG, "path is too long: %.60s...", output);
    if (!failed(s)) s = file_check_place(p->path);
    if (!failed(s) && (p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0) s = failure(p, "write");
    if (!failed(s)) s = lock_and_look(p);
    if (failed(s)) {
        if (p->fd >= 0) close(p->fd);
        free(p);
        return s;
    }
    *out = p;
    *records = p->written;
    return s;
}

status partial_read(partial *p, int i, void *record)
{
    const size_t bytes = record_bytes(p, i);
    uint8_t stored[CRC_BYTES], wanted[CRC_BYTES];
    TRY(read_at(p, record, bytes, record_start(p, i)));
    TRY(read_at(p, stored, CRC_BYTES, record_start(p, i) + (off_t)bytes));
    store_crc(wanted, record, bytes);
    if (memcmp(stored, wanted, CRC_BYTES) == 0) return status_ok();
    return status_fail(STATUS_DATA, "%s is damaged (part %d of %d)", p->path, i + 1, p->count);
}

status partial_read_part(partial *p, int i, size_t from, void *out, size_t bytes)
{
    return read_at(p, out, bytes, record_start(p, i) + (off_t)from);
}

status partial_append(partial *p, const void *record)
{
    const size_t bytes = record_bytes(p, p->written);
    uint8_t crc[CRC_BYTES];
    store_crc(crc, record, bytes);
    TRY(file_write_bytes(p->fd, p->path, record, bytes));
    TRY(file_write_bytes(p->fd, p->path, crc, CRC_BYTES));
    p->written++;
    return status_ok();
}

status partial_restart(partial *p)
{
    fprintf(stderr, "%s is damaged: started afresh\n", p->path);
    return cut(p, 0);
}

const char *partial_path(const partial *p)
{
    return p->path;
}

void partial_close(partial *p, bool keep)
{
    if (p == NULL) return;
    if (!keep) unlink(p->path);
    close(p->fd);
    free(p);
}
