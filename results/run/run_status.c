/* log.jsonl and status.json: what happens, for machines and for `bitfront status` (run_look.h). */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "results/run/run.h"
#include "results/run/run_internal.h"

enum { RUN_NAME_BYTES = 48 };

/* Any bytes as a JSON string: what is not UTF-8 (a file name, for example) becomes '?'. */
static json_t *text_of(const char *bytes)
{
    json_t *text = json_string(bytes);
    if (text != NULL) return text;
    char *copy = strdup(bytes);
    for (char *at = copy; at != NULL && *at != 0; at++)
        if ((unsigned char)*at >= 0x80) *at = '?';
    text = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return text;
}

void run_json_text(char *out, size_t room, const char *text)
{
    json_t *value = text_of(text);
    size_t needed = value != NULL ? json_dumpb(value, out, room - 1, JSON_ENCODE_ANY) : 0;
    json_decref(value);
    if (needed > 0 && needed < room)
        out[needed] = 0;
    else
        snprintf(out, room, "\"\"");
}

static json_t *stamped(void)
{
    char now[24];
    clock_utc(now);
    json_t *object = json_object();
    if (object != NULL) json_object_set_new(object, "time", json_string(now));
    return object;
}

/* A kill may have cut the last line: the next one must not be glued to it. */
static bool ends_within_a_line(int fd)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static status append_line(const char *path, const char *line, size_t bytes)
{
    TRY(file_check_place(path));
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    status result = ends_within_a_line(fd) ? file_write_bytes(fd, path, "\n", 1) : status_ok();
    if (!failed(result)) result = file_write_bytes(fd, path, line, bytes);
    if (close(fd) != 0 && !failed(result))
        result = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    return result;
}

/* The fields as a JSON object; NULL with a reason in `error`. */
static json_t *parse_fields(const char *fields, json_error_t *error)
{
    size_t bytes = strlen(fields) + 3;
    char *text = malloc(bytes);
    if (text == NULL) return NULL;
    snprintf(text, bytes, "{%s}", fields);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, error);
    free(text);
    return object;
}

status run_log(const run *r, const char *event, const char *fields)
{
    json_error_t error = {.text = "no memory"};
    json_t *more = parse_fields(fields, &error), *line = stamped();
    char *text = NULL;
    if (more != NULL && line != NULL && json_object_set_new(line, "event", text_of(event)) == 0 &&
        json_object_update_missing(line, more) == 0)
        text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    json_decref(more);
    if (text == NULL)
        return status_fail(STATUS_MEMORY, "event %s cannot be logged: %.100s in {%.200s}", event, error.text, fields);
    size_t length = strlen(text);
    text[length] = '\n'; /* takes the place of the end: the line is written by its length */
    char path[RUN_PATH_BYTES];
    char name[RUN_NAME_BYTES] = "log.jsonl";
    if (r->own_log) snprintf(name, sizeof name, "log-%s.jsonl", r->owner);
    run_path(path, r, name);
    status result = append_line(path, text, length + 1);
    free(text);
    return result;
}

static json_t *groups_of(const run_state *state)
{
    json_t *groups = json_array();
    for (int i = 0; groups != NULL && i < state->group_count; i++) {
        json_t *group = json_object();
        if (group != NULL) json_object_set_new(group, "line", text_of(state->group_lines[i]));
        json_array_append_new(groups, group);
    }
    return groups;
}

status run_write_status(const run *r, const run_state *state)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {{"done", state->done},       {"failed", state->failed}, {"stopped", state->stopped},
                   {"running", state->running}, {"total", state->total},   {"others", state->others},
                   {"awaited", state->awaited}, {"exit", state->exit_code}};
    const struct {
        const char *name, *value;
    } texts[] = {
        {"job", state->job}, {"holder", state->holder}, {"command", state->command}, {"folder", state->folder}};
    json_t *object = stamped();
    if (object != NULL) {
        json_object_set_new(object, "state", text_of(state->state));
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            json_object_set_new(object, numbers[i].name, json_integer(numbers[i].value));
        if (state->known) json_object_set_new(object, "fraction", json_real(state->fraction));
        if (state->known) json_object_set_new(object, "seconds_left", json_real(state->seconds_left));
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (texts[i].value != NULL) json_object_set_new(object, texts[i].name, text_of(texts[i].value));
        json_object_set_new(object, "groups", groups_of(state));
    }
    char *text = object != NULL ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for status.json");
    char path[RUN_PATH_BYTES], name[RUN_NAME_BYTES] = "status.json";
    if (state->beside) snprintf(name, sizeof name, "jobs/%s.json", r->owner);
    run_path(path, r, name);
    status result = file_write_text_soon(path, text);
    free(text);
    return result;
}

void run_forget_jobs(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "jobs");
    DIR *listing = opendir(path);
    if (listing == NULL) return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        struct stat info;
        if (entry->d_name[0] == '.') continue;
        char file[RUN_PATH_BYTES + RUN_NAME_BYTES];
        snprintf(file, sizeof file, "%s/%.40s", path, entry->d_name);
        bool ours = strncmp(entry->d_name, r->owner, strlen(r->owner)) == 0;
        /* As far in the future as in the past: left by a machine whose clock was wrong. */
        if (ours || (stat(file, &info) == 0 && fabs(difftime(time(NULL), info.st_mtime)) > RUN_FORGOTTEN_AFTER_S))
            unlink(file);
    }
    closedir(listing);
}
