#define _POSIX_C_SOURCE 200809L
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
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
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return status_fail(STATUS_IO, "%s is not a directory", path);
    return status_ok();
}

static status sync_path(const char *path, int flags)
{
    int fd = open(path, flags);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    /* Some file systems cannot sync a directory and say EINVAL; there is nothing more to ask of them. */
    bool bad = fsync(fd) != 0 && errno != EINVAL;
    int why = errno;
    close(fd);
    return bad ? status_fail(STATUS_IO, "cannot sync %s: %s", path, strerror(why)) : status_ok();
}

/* Makes the names of a directory durable. */
static status sync_directory_of(const char *path)
{
    char directory[MAX_PATH];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL) snprintf(directory, sizeof directory, ".");
    else slash[slash == directory] = '\0';
    return sync_path(directory, O_RDONLY | O_DIRECTORY);
}

status file_publish(const char *temporary, const char *path)
{
    TRY(sync_path(temporary, O_RDONLY));
    if (rename(temporary, path) != 0)
        return status_fail(STATUS_IO, "cannot rename %s to %s: %s", temporary, path, strerror(errno));
    return sync_directory_of(path);
}

status file_link(bool *done, const char *from, const char *to)
{
    *done = link(from, to) == 0;
    if (*done) return status_ok();
    int why = errno;
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
    TRY(sync_path(temporary, O_RDONLY));
    TRY(file_link(&linked, temporary, path));
    *there = !linked;
    if (!linked) return status_ok();
    unlink(temporary);
    return sync_directory_of(path);
}

status file_write_text(const char *path, const char *text)
{
    char temporary[MAX_PATH];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= MAX_PATH)
        return status_fail(STATUS_CONFIG, "path is too long: %.60s...", path);
    FILE *file = fopen(temporary, "w");
    if (file == NULL) return status_fail(STATUS_IO, "cannot write %s: %s", temporary, strerror(errno));
    bool bad = fputs(text, file) == EOF;
    bad = fclose(file) != 0 || bad;
    if (bad) {
        status s = status_fail(STATUS_IO, "cannot write %s: %s", temporary, strerror(errno));
        unlink(temporary);
        return s;
    }
    return file_publish(temporary, path);
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
