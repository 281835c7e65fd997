#define _POSIX_C_SOURCE 200809L
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fail_point.h"

enum { MAX_PATH = 4096 };

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

status file_make_directory(const char *path)
{
    char partial[MAX_PATH];
    if (strlen(path) >= sizeof partial) return status_fail(STATUS_CONFIG, "path is too long: %.60s...", path);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0777) == 0 || errno == EEXIST) continue;
        return status_fail(STATUS_IO, "cannot create directory %s: %s", partial, strerror(errno));
    }
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return status_fail(STATUS_IO, "%s is not a directory", path);
    return status_ok();
}

status file_write_bytes(int fd, const char *path, const void *bytes, size_t count)
{
    const char *next = bytes;
    errno = fail_file(path, FAIL_WRITE_BEFORE);
    /* In two parts only for the fault between them. */
    size_t part = fail_points_armed ? count / 2 : count;
    while (errno == 0 && count > 0) {
        ssize_t done = write(fd, next, part > 0 ? part : count);
        if (done < 0 && errno == EINTR) {
            errno = 0;
            continue;
        }
        if (done <= 0) {
            errno = done < 0 ? errno : ENOSPC;
            break;
        }
        next += done;
        count -= (size_t)done;
        part = 0;
        errno = count > 0 ? fail_file(path, FAIL_WRITE_MIDDLE) : 0;
    }
    if (errno == 0) errno = fail_file(path, FAIL_WRITE_AFTER);
    return errno == 0 ? status_ok() : status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
}

static status sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    int why = fail_file(path, FAIL_SYNC_BEFORE);
    /* Some file systems cannot sync a directory and say EINVAL; there is nothing more to ask of them. */
    if (why == 0 && fsync(fd) != 0 && errno != EINVAL) why = errno;
    if (why == 0) why = fail_file(path, FAIL_SYNC_AFTER);
    close(fd);
    return why != 0 ? status_fail(STATUS_IO, "cannot sync %s: %s", path, strerror(why)) : status_ok();
}

status file_sync(const char *path)
{
    return sync_path(path, O_RDONLY);
}

status file_rename(const char *from, const char *to)
{
    int why = fail_file(to, FAIL_RENAME_BEFORE);
    if (why == 0 && rename(from, to) != 0) why = errno;
    if (why == 0) why = fail_file(to, FAIL_RENAME_AFTER);
    return why != 0 ? status_fail(STATUS_IO, "cannot rename %s to %s: %s", from, to, strerror(why)) : status_ok();
}

/* Makes the names of a directory durable. */
static status sync_directory_of(const char *path)
{
    char directory[MAX_PATH];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        snprintf(directory, sizeof directory, ".");
    else
        slash[slash == directory] = '\0';
    return sync_path(directory, O_RDONLY | O_DIRECTORY);
}

status file_publish(const char *temporary, const char *path)
{
    TRY(file_sync(temporary));
    TRY(file_rename(temporary, path));
    return sync_directory_of(path);
}

status file_link(bool *done, const char *from, const char *to)
{
    int why = fail_file(to, FAIL_RENAME_BEFORE);
    if (why == 0 && link(from, to) != 0) why = errno;
    if (why == 0) why = fail_file(to, FAIL_RENAME_AFTER);
    *done = why == 0;
    if (*done) return status_ok();
    /* Our request may have succeeded the first time: then our own file has two names. */
    struct stat ours, theirs;
    *done = why == EEXIST && stat(from, &ours) == 0 && ours.st_nlink == 2 && stat(to, &theirs) == 0 &&
            ours.st_ino == theirs.st_ino;
    if (*done || why == EEXIST) return status_ok();
    bool unsupported = why == EPERM || why == EOPNOTSUPP || why == ENOSYS || why == EMLINK;
    return status_fail(STATUS_IO, "cannot link %s to %s: %s%s", from, to, strerror(why),
                       unsupported ? " (a run directory needs a file system with hard links)" : "");
}

status file_publish_new(bool *there, const char *temporary, const char *path)
{
    bool linked;
    TRY(file_sync(temporary));
    TRY(file_link(&linked, temporary, path));
    *there = !linked;
    if (!linked) return status_ok();
    unlink(temporary);
    return sync_directory_of(path);
}

static status copy_bytes(FILE *to, const char *to_path, FILE *from, const char *from_path)
{
    char block[64 * 1024];
    for (size_t got; (got = fread(block, 1, sizeof block, from)) > 0;)
        if (fwrite(block, 1, got, to) != got)
            return status_fail(STATUS_IO, "cannot write %s: %s", to_path, strerror(errno));
    if (ferror(from)) return status_fail(STATUS_IO, "cannot read %s: %s", from_path, strerror(errno));
    return status_ok();
}

status file_copy(const char *to, const char *from)
{
    FILE *source = fopen(from, "rb");
    if (source == NULL) return status_fail(STATUS_IO, "cannot open %s: %s", from, strerror(errno));
    FILE *copy = fopen(to, "wb");
    status result = copy != NULL ? copy_bytes(copy, to, source, from)
                                 : status_fail(STATUS_IO, "cannot write %s: %s", to, strerror(errno));
    fclose(source);
    if (copy == NULL) return result;
    if (fclose(copy) != 0 && !failed(result))
        result = status_fail(STATUS_IO, "cannot write %s: %s", to, strerror(errno));
    if (failed(result)) unlink(to);
    return result;
}

/* Opens a new file beside `path`, whose name no other process uses: jobs of several hosts may write the same file at
 * the same time. -1: errno says why. */
static int create_beside(char temporary[MAX_PATH], const char *path)
{
    enum { ATTEMPTS = 100 };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned number = (unsigned)now.tv_nsec ^ (unsigned)getpid() << 12;
    int fd = -1;
    for (unsigned i = 0; i < ATTEMPTS && fd < 0; i++) {
        if (snprintf(temporary, MAX_PATH, "%s.tmp-%08x", path, number + i) >= MAX_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) return -1;
    }
    return fd;
}

status file_write_text(const char *path, const char *text)
{
    char temporary[MAX_PATH];
    int fd = create_beside(temporary, path);
    if (fd < 0) return status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    status s = file_write_bytes(fd, temporary, text, strlen(text));
    if (close(fd) != 0 && !failed(s)) s = status_fail(STATUS_IO, "cannot write %s: %s", temporary, strerror(errno));
    if (!failed(s)) s = file_publish(temporary, path);
    if (failed(s)) unlink(temporary);
    return s;
}

status file_read_text(char **out, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    size_t used = 0, capacity = 4096;
    char *text = malloc(capacity);
    while (text != NULL) {
        size_t got = fread(text + used, 1, capacity - used - 1, file);
        used += got;
        if (got == 0) break;
        if (used + 1 < capacity) continue;
        char *more = realloc(text, capacity *= 2);
        if (more == NULL) free(text);
        text = more;
    }
    bool bad = ferror(file) != 0;
    fclose(file);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    if (bad) {
        free(text);
        return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(errno));
    }
    text[used] = '\0';
    *out = text;
    return status_ok();
}
