#define _POSIX_C_SOURCE 200809L
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fail_point.h"

static const off_t MAX_TEXT_BYTES = (off_t)1 << 31; /* a log of ten million lines */

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

status_code file_fault(int why)
{
    const bool named_wrong = why == ENOENT || why == ENOTDIR || why == EISDIR || why == ELOOP || why == ENAMETOOLONG;
    return named_wrong ? STATUS_CONFIG : STATUS_IO;
}

status file_make_directory(const char *path)
{
    char partial[FILE_PATH];
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
        return status_fail(STATUS_CONFIG, "%s is not a directory", path);
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
    char directory[FILE_PATH];
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

/* What stands there instead of a file, in the words of its owner; NULL for a file. */
static const char *other_than_file(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISDIR(mode)  ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

status file_open_plain(int *fd, const char *path)
{
    /* O_NONBLOCK: opening a FIFO would wait for its writer. It means nothing for a file. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    struct stat info;
    const char *what = fstat(*fd, &info) == 0 ? other_than_file(info.st_mode) : "unknown";
    if (what == NULL) return status_ok();
    close(*fd);
    *fd = -1;
    return status_fail(STATUS_CONFIG, "cannot read %s: it is %s, not a file", path, what);
}

status file_check_plain(const char *path)
{
    int fd;
    TRY(file_open_plain(&fd, path));
    close(fd);
    return status_ok();
}

status file_check_place(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT) return status_ok();
        return status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    }
    const char *what = other_than_file(info.st_mode);
    if (what == NULL) return status_ok();
    return status_fail(STATUS_CONFIG, "cannot write %s: it is %s, not a file; give another name", path, what);
}

/* Where the links at `path` lead: what has to be replaced for `path` to stay a link. */
static status follow(char out[FILE_PATH], const char *path)
{
    char target[FILE_PATH];
    if (snprintf(out, FILE_PATH, "%s", path) >= FILE_PATH)
        return status_fail(STATUS_CONFIG, "path is too long: %.60s...", path);
    for (int hops = 0;; hops++) {
        ssize_t length = readlink(out, target, sizeof target - 1);
        if (length < 0) return status_ok(); /* no link, or nothing */
        if (hops == 40) return status_fail(STATUS_CONFIG, "cannot write %s: its links go in a circle", path);
        target[length] = '\0';
        const char *slash = target[0] == '/' ? NULL : strrchr(out, '/');
        size_t folder = slash != NULL ? (size_t)(slash - out) + 1 : 0;
        if (folder + (size_t)length >= FILE_PATH) return status_fail(STATUS_CONFIG, "path is too long: %.60s...", path);
        memcpy(out + folder, target, (size_t)length + 1);
    }
}

/* ---- names beside ---- */

static int create_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int create_directory(const char *path)
{
    return mkdir(path, 0777);
}

/* Makes something new beside `path`, whose name no other process uses: jobs of several hosts may write the same file at
 * the same time. -1: errno says why. */
static int create_beside(char temporary[FILE_PATH], const char *path, int (*create)(const char *path))
{
    enum { ATTEMPTS = 100 };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned number = (unsigned)now.tv_nsec ^ (unsigned)getpid() << 12;
    int made = -1;
    for (unsigned i = 0; i < ATTEMPTS && made < 0; i++) {
        if (snprintf(temporary, FILE_PATH, "%s.tmp-%08x", path, number + i) >= FILE_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        made = create(temporary);
        if (made < 0 && errno != EEXIST) return -1;
    }
    return made;
}

status file_directory_beside(char temporary[FILE_PATH], const char *path)
{
    if (create_beside(temporary, path, create_directory) == 0) return status_ok();
    return status_fail(STATUS_IO, "cannot create directory %s: %s", temporary, strerror(errno));
}

/* ---- what has begun and not ended; a signal handler can reach nothing else ---- */

enum { MOST_BEGUN = 4 }; /* more at a time are not removed */
static struct {
    volatile sig_atomic_t used;
    char path[FILE_PATH];
} begun[MOST_BEGUN];

static void note_begun(const char *path)
{
    for (int i = 0; i < MOST_BEGUN; i++) {
        if (begun[i].used) continue;
        snprintf(begun[i].path, FILE_PATH, "%s", path);
        begun[i].used = 1;
        return;
    }
}

static void note_ended(const char *path)
{
    for (int i = 0; i < MOST_BEGUN; i++)
        if (begun[i].used && strcmp(begun[i].path, path) == 0) begun[i].used = 0;
}

void file_replace_leave(void)
{
    for (int i = 0; i < MOST_BEGUN; i++)
        if (begun[i].used) unlink(begun[i].path);
}

/* *fd: open for writing. */
static status open_replacement(int *fd, file_replacement *out, const char *path)
{
    struct stat there;
    TRY(file_check_place(path));
    TRY(follow(out->target, path));
    out->mode = stat(out->target, &there) == 0 ? (int)(there.st_mode & 0777) : -1;
    *fd = create_beside(out->temporary, out->target, create_file);
    if (*fd < 0) return status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    note_begun(out->temporary);
    return status_ok();
}

status file_replace_begin(file_replacement *out, const char *path)
{
    int fd;
    TRY(open_replacement(&fd, out, path));
    close(fd);
    return status_ok();
}

/* A private file stays private. Where permissions cannot be set, there are none to keep. */
static void keep_mode(const file_replacement *r)
{
    if (r->mode >= 0 && chmod(r->temporary, (mode_t)r->mode) != 0) return;
}

status file_replace_end(const file_replacement *r)
{
    keep_mode(r);
    status s = file_publish(r->temporary, r->target);
    if (failed(s)) unlink(r->temporary);
    note_ended(r->temporary);
    return s;
}

void file_replace_abandon(const file_replacement *r)
{
    unlink(r->temporary);
    note_ended(r->temporary);
}

static status try_text(bool *gone, const char *path, const char *text, bool lasting)
{
    file_replacement r;
    int fd;
    *gone = false;
    TRY(open_replacement(&fd, &r, path));
    status s = file_write_bytes(fd, r.temporary, text, strlen(text));
    if (close(fd) != 0 && !failed(s)) s = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    *gone = !failed(s) && !file_exists(r.temporary);
    keep_mode(&r);
    if (!failed(s)) s = lasting ? file_publish(r.temporary, r.target) : file_rename(r.temporary, r.target);
    if (failed(s)) file_replace_abandon(&r);
    note_ended(r.temporary);
    return s;
}

/* Once more when our file was removed before its time: a process that was stopped for long looks like one that has
 * died. */
static status write_text(const char *path, const char *text, bool lasting)
{
    bool gone;
    status s = try_text(&gone, path, text, lasting);
    return gone ? try_text(&gone, path, text, lasting) : s;
}

status file_write_text(const char *path, const char *text)
{
    return write_text(path, text, true);
}

status file_write_text_soon(const char *path, const char *text)
{
    return write_text(path, text, false);
}

static status open_whole(FILE **out, const char *path)
{
    int fd;
    TRY(file_open_plain(&fd, path));
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size > MAX_TEXT_BYTES) {
        close(fd);
        return status_fail(STATUS_CONFIG, "%s holds %lld bytes: too much to be read at once", path,
                           (long long)info.st_size);
    }
    *out = fdopen(fd, "r");
    if (*out != NULL) return status_ok();
    int why = errno;
    close(fd);
    return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(why));
}

status file_read_bytes(char **out, size_t *count, const char *path)
{
    FILE *file = NULL;
    TRY(open_whole(&file, path));
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
    int why = errno;
    fclose(file);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    if (bad) {
        free(text);
        return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(why));
    }
    text[used] = '\0';
    *out = text;
    *count = used;
    return status_ok();
}

/* Text as editors on other systems save it, and what a crash makes of it. */
static status check_text(const char *text, size_t count, const char *path)
{
    const bool marked = count >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    /* Every second byte of Latin letters is NUL. */
    const bool wide = count >= 4 && (text[0] == '\0') == (text[2] == '\0') && (text[1] == '\0') == (text[3] == '\0') &&
                      (text[0] == '\0') != (text[1] == '\0');
    if (marked || wide) return status_fail(STATUS_CONFIG, "%s is UTF-16 text: save it as UTF-8", path);
    const char *nul = memchr(text, '\0', count);
    if (nul != NULL) {
        int line = 1;
        for (const char *at = text; at < nul; at++) line += *at == '\n';
        return status_fail(STATUS_CONFIG, "%s:%d: NUL bytes: a crash of the machine has cut the file, or it is no text",
                           path, line);
    }
    if (memchr(text, '\r', count) != NULL && memchr(text, '\n', count) == NULL)
        return status_fail(STATUS_CONFIG, "%s: its lines end with CR alone: save it with LF", path);
    return status_ok();
}

status file_read_text(char **out, const char *path)
{
    static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 with byte order mark */
    char *text;
    size_t count;
    TRY(file_read_bytes(&text, &count, path));
    status good = check_text(text, count, path);
    if (failed(good)) {
        free(text);
        return good;
    }
    if (strncmp(text, mark, strlen(mark)) == 0) memmove(text, text + strlen(mark), count - strlen(mark) + 1);
    *out = text;
    return status_ok();
}

void file_basename(char *out, size_t size, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    snprintf(out, size, "%.*s", (int)(end - start), path + start);
}
