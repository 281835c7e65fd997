#define _POSIX_C_SOURCE 200809L
#include "results/file/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/file.h"

enum { SEAL_BYTES = 24, BLOCK_BYTES = 64 * 1024 };

static void seal_text(char out[SEAL_BYTES + 1], uLong crc)
{
    snprintf(out, SEAL_BYTES + 1, "bitfront-crc32-\n%08lx", crc & 0xffffffffUL);
}

/* CRC-32 of the next `count` bytes. */
static status checksum(uLong *out, int fd, const char *path, off_t count)
{
    unsigned char block[BLOCK_BYTES];
    uLong crc = crc32(0, Z_NULL, 0);
    while (count > 0) {
        ssize_t got = read(fd, block, count < BLOCK_BYTES ? (size_t)count : BLOCK_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
        if (got == 0) return status_fail(STATUS_DATA, "%s became shorter while it was read", path);
        crc = crc32_z(crc, block, (size_t)got);
        count -= got;
    }
    *out = crc;
    return status_ok();
}

static status append_to(int fd, const char *path)
{
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return status_fail(STATUS_IO, "cannot measure %s: %s", path, strerror(errno));
    uLong crc;
    TRY(checksum(&crc, fd, path, size));
    char seal[SEAL_BYTES + 1];
    seal_text(seal, crc);
    return file_write_bytes(fd, path, seal, SEAL_BYTES);
}

status seal_append(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    status result = append_to(fd, path);
    if (close(fd) != 0 && !failed(result))
        result = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    return result;
}

static status check_open(void *end, size_t bytes, int fd, const char *path)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char found[SEAL_BYTES + 1] = "", expected[SEAL_BYTES + 1];
    if (size == 0) return status_fail(STATUS_DATA, "%s is empty", path);
    bool cut = size < SEAL_BYTES || pread(fd, found, SEAL_BYTES, size - SEAL_BYTES) != SEAL_BYTES;
    seal_text(expected, 0);
    if (cut || memcmp(found, expected, SEAL_BYTES - 8) != 0)
        return status_fail(STATUS_DATA, "%s is incomplete or was changed: its end mark is missing", path);
    if (lseek(fd, 0, SEEK_SET) != 0) return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
    uLong crc;
    TRY(checksum(&crc, fd, path, size - SEAL_BYTES));
    seal_text(expected, crc);
    if (memcmp(found, expected, SEAL_BYTES) != 0)
        return status_fail(STATUS_DATA, "%s is damaged or was changed: its checksum does not match", path);
    if (bytes == 0) return status_ok();
    off_t content = size - SEAL_BYTES;
    if (content >= (off_t)bytes && pread(fd, end, bytes, content - (off_t)bytes) == (ssize_t)bytes) return status_ok();
    return status_fail(STATUS_DATA, "%s is too short", path);
}

status seal_check_end(void *end, size_t bytes, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    status result = check_open(end, bytes, fd, path);
    close(fd);
    return result;
}

status seal_check(const char *path)
{
    return seal_check_end(NULL, 0, path);
}
