/* log.jsonl and status.json: what happens, for machines and for `bitfront status`. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "results/run/run.h"
#include "results/run/run_internal.h"
#include "results/run/run_use.h"

enum { DEAD_AFTER_S = 60, FORGOTTEN_AFTER_S = 24 * 3600, RUN_NAME_BYTES = 48 };

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
                   {"exit", state->exit_code}};
    json_t *object = stamped();
    if (object != NULL) {
        json_object_set_new(object, "state", text_of(state->state));
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            json_object_set_new(object, numbers[i].name, json_integer(numbers[i].value));
        if (state->job != NULL) json_object_set_new(object, "job", text_of(state->job));
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
        if (ours || (stat(file, &info) == 0 && difftime(time(NULL), info.st_mtime) > FORGOTTEN_AFTER_S)) unlink(file);
    }
    closedir(listing);
}

/* Seconds since then; negative when it is not a time. */
static double age_of(const char *stamp)
{
    double then = clock_of_utc(stamp);
    if (then < 0) return -1;
    double age = (double)time(NULL) - then;
    return age > 0 ? age : 0; /* clocks of two machines differ */
}

static void age_text(char *out, size_t room, double seconds)
{
    if (seconds < 0)
        snprintf(out, room, "at an unknown time");
    else if (seconds < 120)
        snprintf(out, room, "%.0f s ago", seconds);
    else if (seconds < 7200)
        snprintf(out, room, "%.0f min ago", seconds / 60);
    else if (seconds < 48 * 3600.0)
        snprintf(out, room, "%.1f h ago", seconds / 3600);
    else
        snprintf(out, room, "%.1f days ago", seconds / 86400);
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* A text of the object that may be shown. */
typedef struct {
    char text[256];
} shown_text;

static shown_text shown(const json_t *object, const char *name)
{
    shown_text out;
    snprintf(out.text, sizeof out.text, "%s", string_of(object, name));
    text_printable(out.text);
    return out;
}

/* The lines of the groups of one job. */
static void print_groups(FILE *out, const json_t *object, bool *first)
{
    size_t index;
    const json_t *group;
    json_array_foreach(json_object_get(object, "groups"), index, group)
    {
        fprintf(out, "%s%s\n", *first ? "groups   " : "         ", shown(group, "line").text);
        *first = false;
    }
}

/* One job beside the leading one; *alive when it says that it runs, and lately. */
static void print_job(FILE *out, const char *path, bool *alive, bool *first_group)
{
    char *text, updated[64];
    if (failed(file_read_text(&text, path))) return; /* it became the leading one meanwhile */
    json_t *object = json_loads(text, 0, NULL);
    free(text);
    double age = age_of(string_of(object, "time"));
    bool is_running = strcmp(string_of(object, "state"), "running") == 0;
    age_text(updated, sizeof updated, age);
    *alive = is_running && age <= DEAD_AFTER_S;
    if (*alive || (is_running && age <= FORGOTTEN_AFTER_S))
        fprintf(out, "beside   %s: running%s, %d at work, last update %s\n", shown(object, "job").text,
                *alive ? "" : "?", *alive ? run_json_count(object, "running") : 0, updated);
    if (*alive) print_groups(out, object, first_group);
    json_decref(object);
}

/* True when some job beside the leading one is alive. */
static bool print_jobs(FILE *out, const char *directory, bool *first_group)
{
    char path[RUN_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/jobs", MAX_PATH_TEXT, directory);
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    bool any = false;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t length = strlen(name);
        bool alive = false;
        if (length > 5 && strcmp(name + length - 5, ".json") == 0) {
            snprintf(path, sizeof path, "%.*s/jobs/%.60s", MAX_PATH_TEXT - 32, directory, name);
            print_job(out, path, &alive, first_group);
        }
        any = any || alive;
        free(entries[i]);
    }
    free(entries);
    return any;
}

static void print_status(FILE *out, const char *directory, const json_t *object)
{
    const shown_text told = shown(object, "state");
    const char *state = told.text;
    double age = age_of(string_of(object, "time"));
    char updated[64];
    age_text(updated, sizeof updated, age);
    int done = run_json_count(object, "done"), bad = run_json_count(object, "failed"),
        running = run_json_count(object, "running");
    int total = run_json_count(object, "total");
    bool is_running = strcmp(state, "running") == 0, dead = is_running && age > DEAD_AFTER_S;
    fprintf(out, "run      %s\n", directory);
    if (is_running)
        fprintf(out, "state    %s, last update %s\n", dead ? "running?" : state, updated);
    else
        fprintf(out, "state    %s %s, exit code %d\n", state, updated, run_json_count(object, "exit"));
    const int ended_early = run_json_count(object, "stopped");
    fprintf(out, "tasks    %d of %d done, %d failed, %d running, %d waiting", done, total, bad, dead ? 0 : running,
            total - done - bad - ended_early - (dead ? 0 : running));
    if (ended_early > 0) fprintf(out, ", %d stopped early", ended_early);
    putc('\n', out);
    int foreign = run_json_count(object, "others");
    if (foreign > 0)
        fprintf(out, "others   %d result%s of other plans %s there, see bitfront list\n", foreign,
                foreign == 1 ? "" : "s", foreign == 1 ? "lies" : "lie");
    bool first_group = true;
    print_groups(out, object, &first_group);
    bool others = print_jobs(out, directory, &first_group);
    if (dead && others)
        fprintf(out, "The job that kept this record is silent; another one takes over within a minute.\n");
    else if (dead)
        fprintf(out,
                "The run looks dead: it says running, but its last update is more than %d s old. The same sweep "
                "command again continues it.\n",
                DEAD_AFTER_S);
    else if (strcmp(state, "stopped") == 0 && !others)
        fprintf(out, "The same sweep command again continues the run.\n");
    else if (bad > 0)
        fprintf(out, "Failed tasks say why in results.h5 (column reason) and log.jsonl; bitfront sweep --retry-failed "
                     "runs them again.\n");
}

status run_print_status(FILE *out, const char *directory)
{
    char path[RUN_PATH_BYTES], *text;
    if (snprintf(path, sizeof path, "%s/status.json", directory) >= (int)sizeof path)
        return status_fail(STATUS_CONFIG, "the path of the run directory is too long: %.100s...", directory);
    if (!file_exists(path) && errno != ENOENT)
        return status_fail(STATUS_CONFIG, "cannot open %s: %s", path, strerror(errno));
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "%s has no status.json: it is not the directory of a run, or the run has not "
                           "started yet",
                           directory);
    TRY(file_read_text(&text, path));
    json_error_t error;
    json_t *object = json_loads(text, 0, &error);
    free(text);
    if (!json_is_object(object)) {
        json_decref(object);
        return status_fail(STATUS_DATA, "%s is not readable (line %d: %s)", path, error.line, error.text);
    }
    print_status(out, directory, object);
    json_decref(object);
    run_use use;
    TRY(run_use_read(&use, directory));
    if (use.capacity > 0)
        fprintf(out, "its ranks that compute were busy %.1f %% of %.4g s\n", 100 * use.busy / use.capacity,
                use.makespan);
    return status_ok();
}
