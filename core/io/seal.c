#define _POSIX_C_SOURCE 200809L
#include "core/io/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"

enum { SEAL_BYTES = 24, BLOCK_BYTES = 64 * 1024 };

static void seal_text(char out[SEAL_BYTES + 1], uint32_t crc)
{
    snprintf(out, SEAL_BYTES + 1, "bitfront-crc32-\n%08x", (unsigned)crc);
}

/* CRC-32 of the next `count` bytes. */
static status checksum(uint32_t *out, int fd, const char *path, off_t count)
{
    unsigned char block[BLOCK_BYTES];
    uint32_t crc = 0;
    while (count > 0) {
        ssize_t got = read(fd, block, count < BLOCK_BYTES ? (size_t)count : BLOCK_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
        if (got == 0) return status_fail(STATUS_DATA, "%s became shorter while it was read", path);
        crc = libdeflate_crc32(crc, block, (size_t)got);
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
    uint32_t crc;
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

/* Reads `bytes` bytes from `from` on; *whole = false when the file ends before. An error says nothing of the file. */
static status read_at(bool *whole, void *out, size_t bytes, off_t from, int fd, const char *path)
{
    const ssize_t got = from >= 0 ? pread(fd, out, bytes, from) : 0;
    *whole = got == (ssize_t)bytes;
    return got >= 0 ? status_ok() : status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
}

static status check_open(void *end, size_t bytes, int fd, const char *path)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char found[SEAL_BYTES + 1] = "", expected[SEAL_BYTES + 1];
    if (size == 0) return status_fail(STATUS_DATA, "%s is empty", path);
    bool whole;
    if (size < 0) return status_fail(STATUS_IO, "cannot measure %s: %s", path, strerror(errno));
    TRY(read_at(&whole, found, SEAL_BYTES, size - SEAL_BYTES, fd, path));
    seal_text(expected, 0);
    if (!whole || memcmp(found, expected, SEAL_BYTES - 8) != 0)
        return status_fail(STATUS_DATA, "%s is incomplete or was changed: its end mark is missing", path);
    if (lseek(fd, 0, SEEK_SET) != 0) return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
    uint32_t crc;
    TRY(checksum(&crc, fd, path, size - SEAL_BYTES));
    seal_text(expected, crc);
    if (memcmp(found, expected, SEAL_BYTES) != 0)
        return status_fail(STATUS_DATA, "%s is damaged or was changed: its checksum does not match", path);
    if (bytes == 0) return status_ok();
    TRY(read_at(&whole, end, bytes, size - SEAL_BYTES - (off_t)bytes, fd, path));
    return whole ? status_ok() : status_fail(STATUS_DATA, "%s is too short", path);
}

status seal_check_end(void *end, size_t bytes, const char *path)
{
    int fd;
    TRY(file_open_plain(&fd, path));
    status result = check_open(end, bytes, fd, path);
    close(fd);
    return result;
}

status seal_check(const char *path)
{
    return seal_check_end(NULL, 0, path);
}

/* Where HDF5's superblock says that the file ends; 0 when there is none at its start. */
static uint64_t end_in_superblock(int fd)
{
    unsigned char block[64];
    if (pread(fd, block, sizeof block, 0) != (ssize_t)sizeof block) return 0;
    if (memcmp(block, "\x89HDF\r\n\x1a\n", 8) != 0) return 0;
    static const int places[] = {40, 44, 28, 28}; /* by version; addresses of 8 bytes */
    int version = block[8], width = version < 2 ? block[13] : block[9];
    if (version > 3 || width != 8) return 0;
    uint64_t end = 0;
    for (int i = 7; i >= 0; i--) end = end << 8 | block[places[version] + i];
    return end;
}

/* Enough of the mark is left to know it. */
static bool resembles_seal(const char found[SEAL_BYTES])
{
    char mark[SEAL_BYTES + 1];
    int same = 0;
    seal_text(mark, 0);
    for (int i = 0; i < SEAL_BYTES - 8; i++) same += found[i] == mark[i];
    return same >= 8;
}

static status look_open(bool *sealed, int fd, const char *path)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char found[SEAL_BYTES] = "";
    *sealed = true;
    if (size == 0)
        return status_fail(STATUS_DATA, "%s is empty, not an HDF5 file: delete it and create it again", path);
    TRY(read_at(sealed, found, SEAL_BYTES, size - SEAL_BYTES, fd, path));
    if (!*sealed) return status_ok();
    uint64_t end = end_in_superblock(fd);
    if (end > (uint64_t)size) return status_fail(STATUS_DATA, "%s is incomplete: its end is missing", path);
    bool rest_of_seal = end != 0 && end < (uint64_t)size && (uint64_t)size - end <= SEAL_BYTES;
    *sealed = resembles_seal(found) || rest_of_seal;
    return *sealed ? check_open(NULL, 0, fd, path) : status_ok();
}

status seal_look(bool *sealed, const char *path)
{
    int fd;
    TRY(file_open_plain(&fd, path));
    status result = look_open(sealed, fd, path);
    close(fd);
    return result;
}
