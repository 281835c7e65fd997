#define _POSIX_C_SOURCE 200809L
#include "results/run/run_log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "results/run/run_internal.h"

/* Larger than any plan, and small enough for sums and tables; s, longer than any sweep. */
enum { MOST = 10 * 1000 * 1000, MOST_SECONDS = 1000 * 1000 * 1000 };

int run_json_count(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value >= 0 && value <= MOST ? (int)value : 0;
}

static void copy_text(char *out, size_t room, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    snprintf(out, room, "%s", text != NULL ? text : "");
    text_printable(out);
}

/* One line without its end; what a crash left of one is no JSON, and passed over. */
static void take_line(const char *at, size_t bytes, void (*visit)(void *ctx, const run_log_line *line), void *ctx)
{
    json_t *object = json_loadb(at, bytes, 0, NULL);
    if (object == NULL) return;
    char stamp[32];
    const json_t *at_second = json_object_get(object, "at");
    const double second = json_is_number(at_second) ? json_number_value(at_second) : -1;
    run_log_line line = {.at = second >= 0 && second <= MOST_SECONDS ? second : -1,
                         .task = run_json_count(object, "task"),
                         .ranks = run_json_count(object, "ranks"),
                         .tasks = run_json_count(object, "tasks")};
    copy_text(stamp, sizeof stamp, object, "time");
    copy_text(line.event, sizeof line.event, object, "event");
    copy_text(line.key, sizeof line.key, object, "key");
    line.time = clock_of_utc(stamp);
    json_decref(object);
    visit(ctx, &line);
}

static void take_lines(const char *text, size_t count, void (*visit)(void *ctx, const run_log_line *line), void *ctx)
{
    const char *end = text + count;
    for (const char *at = text; at < end;) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (next == NULL) next = end;
        if (next > at) take_line(at, (size_t)(next - at), visit, ctx);
        at = next + 1;
    }
}

static void log_path(char out[RUN_PATH_BYTES], const char *directory)
{
    snprintf(out, RUN_PATH_BYTES, "%.*s/log.jsonl", MAX_PATH_TEXT, directory);
}

status run_log_read(const char *directory, void (*visit)(void *ctx, const run_log_line *line), void *ctx)
{
    char path[RUN_PATH_BYTES], *text;
    size_t count;
    log_path(path, directory);
    if (!file_exists(path)) return status_ok();
    TRY(file_read_bytes(&text, &count, path));
    take_lines(text, count, visit, ctx);
    free(text);
    return status_ok();
}

long run_log_bytes(const char *directory)
{
    char path[RUN_PATH_BYTES];
    struct stat info;
    log_path(path, directory);
    return stat(path, &info) == 0 ? (long)info.st_size : 0;
}

/* At most the last `room` bytes, from the first whole line on. *from: where they begin in `text`. */
static status read_end(char *text, size_t room, size_t *from, size_t *count, const char *path)
{
    *from = *count = 0;
    int fd;
    if (!file_exists(path) && errno == ENOENT) return status_ok();
    TRY(file_open_plain(&fd, path));
    const bool shortened = lseek(fd, -(off_t)room, SEEK_END) > 0;
    if (!shortened) lseek(fd, 0, SEEK_SET);
    ssize_t got = 1;
    while (*count < room && (got = read(fd, text + *count, room - *count)) > 0) *count += (size_t)got;
    const int why = errno;
    close(fd);
    if (got < 0) return status_fail(STATUS_IO, "cannot read %s: %s", path, strerror(why));
    const char *first = shortened ? memchr(text, '\n', *count) : NULL; /* the first line may be a part of one */
    if (first != NULL) *from = (size_t)(first + 1 - text);
    return status_ok();
}

status run_log_read_end(const char *directory, size_t bytes, void (*visit)(void *ctx, const run_log_line *line),
                        void *ctx)
{
    char path[RUN_PATH_BYTES], *text = malloc(bytes + 1);
    size_t from, count;
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for the log of %.200s", directory);
    log_path(path, directory);
    status s = read_end(text, bytes, &from, &count, path);
    if (!failed(s)) take_lines(text + from, count - from, visit, ctx);
    free(text);
    return s;
}
