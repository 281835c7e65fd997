#define _POSIX_C_SOURCE 200809L
#include "results/run/run_look.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "results/run/claim_holder.h"
#include "results/run/run_internal.h"

/* Times in which a job that works has renewed its record for sure, s. */
static const double AGAIN_AFTER_S = 3;
static const double MOST_LEFT_S = 1e9;

/* Seconds since then, and until then: clocks of two machines differ. *age is negative when it is not a time. */
static void age_of(double *age, double *ahead, const char *stamp)
{
    const double then = clock_of_utc(stamp), now = (double)time(NULL);
    *age = then < 0 ? -1 : fmax(now - then, 0);
    *ahead = then < 0 ? 0 : fmax(then - now, 0);
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void take_text(char *out, size_t room, const json_t *object, const char *name)
{
    snprintf(out, room, "%s", string_of(object, name));
    text_printable(out);
}

static double number_of(const json_t *object, const char *name, double most)
{
    const json_t *value = json_object_get(object, name);
    const double number = json_is_number(value) ? json_number_value(value) : -1;
    return number >= 0 && number <= most ? number : -1;
}

static status take_groups(run_job *out, const json_t *object)
{
    const json_t *groups = json_object_get(object, "groups"), *group;
    const size_t count = json_array_size(groups);
    size_t index;
    out->groups = calloc(count + 1, sizeof *out->groups);
    if (out->groups == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu lines", count);
    json_array_foreach(groups, index, group) take_text(out->groups[out->group_count++], RUN_LOOK_TEXT, group, "line");
    return status_ok();
}

static status take_job(run_job *out, const json_t *object)
{
    *out = (run_job){.done = run_json_count(object, "done"),
                     .failed = run_json_count(object, "failed"),
                     .stopped = run_json_count(object, "stopped"),
                     .at_work = run_json_count(object, "running"),
                     .total = run_json_count(object, "total"),
                     .others = run_json_count(object, "others"),
                     .awaited = run_json_count(object, "awaited"),
                     .exit_code = run_json_count(object, "exit"),
                     .fraction = number_of(object, "fraction", 1),
                     .seconds_left = number_of(object, "seconds_left", MOST_LEFT_S)};
    age_of(&out->age, &out->ahead, string_of(object, "time"));
    take_text(out->time, sizeof out->time, object, "time");
    take_text(out->state, sizeof out->state, object, "state");
    take_text(out->job, sizeof out->job, object, "job");
    take_text(out->command, sizeof out->command, object, "command");
    take_text(out->folder, sizeof out->folder, object, "folder");
    const bool says_so = strcmp(out->state, "running") == 0;
    out->gone = says_so && claim_holder_is_dead(string_of(object, "holder"));
    out->silent = says_so && !out->gone && (out->age < 0 || out->age > RUN_SILENT_AFTER_S);
    out->running = says_so && !out->gone && !out->silent;
    return take_groups(out, object);
}

static status read_job(run_job *out, const char *path)
{
    char *text;
    json_error_t error;
    TRY(file_read_text(&text, path));
    json_t *object = json_loads(text, 0, &error);
    free(text);
    const status s = json_is_object(object)
                         ? take_job(out, object)
                         : status_fail(STATUS_DATA, "%s is not readable (line %d: %s)", path, error.line, error.text);
    json_decref(object);
    return s;
}

/* Names in a folder of the run, sorted; those that end with `ending`. *count < 0: none. */
static int list_folder(struct dirent ***out, const char *directory, const char *folder)
{
    char path[RUN_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/%s", MAX_PATH_TEXT, directory, folder);
    *out = NULL;
    return scandir(path, out, NULL, alphasort);
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), tail = strlen(ending);
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

static status read_beside(run_look *out, const char *directory)
{
    struct dirent **entries;
    const int count = list_folder(&entries, directory, "jobs");
    out->beside = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof *out->beside);
    for (int i = 0; i < count; i++) {
        char path[RUN_PATH_BYTES + 64];
        run_job *job = out->beside != NULL ? &out->beside[out->beside_count] : NULL;
        snprintf(path, sizeof path, "%.*s/jobs/%.60s", MAX_PATH_TEXT, directory, entries[i]->d_name);
        /* What cannot be read became the leading one meanwhile. */
        if (job != NULL && ends_with(entries[i]->d_name, ".json") && !failed(read_job(job, path))) {
            const bool told = job->running || ((job->gone || job->silent) && job->age <= RUN_FORGOTTEN_AFTER_S);
            if (told)
                out->beside_count++;
            else
                free(job->groups);
        }
        free(entries[i]);
    }
    free(entries);
    return out->beside != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %d jobs", count);
}

static void read_queued(run_look *out, const char *directory)
{
    struct dirent **entries;
    const int count = list_folder(&entries, directory, "queued");
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strspn(name, "0123456789_") == strlen(name) && out->queued_count < RUN_LOOK_QUEUED)
            snprintf(out->queued[out->queued_count++], sizeof out->queued[0], "%.31s", name);
        free(entries[i]);
    }
    free(entries);
}

static status look_once(run_look *out, const char *directory)
{
    char path[RUN_PATH_BYTES];
    memset(out, 0, sizeof *out);
    if (strlen(directory) >= MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "the path of the run directory is too long: %.100s...", directory);
    snprintf(path, sizeof path, "%s/status.json", directory);
    if (!file_exists(path) && errno != ENOENT)
        return status_fail(file_fault(errno), "cannot open %s: %s", path, strerror(errno));
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "%s has no status.json: it is not the directory of a run, or the run has not "
                           "started yet",
                           directory);
    TRY(read_job(&out->lead, path));
    if (out->lead.done + out->lead.failed + out->lead.stopped < out->lead.total)
        read_queued(out, directory); /* else nobody comes for anything */
    return read_beside(out, directory);
}

/* It says that it works, at a time that has not come yet: its clock is wrong, or was. */
static bool in_doubt(const run_job *j)
{
    return j->running && j->ahead > RUN_SILENT_AFTER_S;
}

static bool any_in_doubt(const run_look *look)
{
    bool any = in_doubt(&look->lead);
    for (int i = 0; i < look->beside_count; i++) any = any || in_doubt(&look->beside[i]);
    return any;
}

/* What has not been renewed meanwhile, is not. */
static void judge(run_job *j, const run_job *before)
{
    if (!in_doubt(j) || strcmp(j->time, before->time) != 0 || strcmp(j->job, before->job) != 0) return;
    j->silent = true;
    j->running = false;
}

static status look_again(run_look *out, const char *directory)
{
    run_look before = *out;
    clock_sleep(AGAIN_AFTER_S);
    status s = look_once(out, directory);
    if (!failed(s)) judge(&out->lead, &before.lead);
    for (int i = 0; i < out->beside_count && !failed(s); i++)
        for (int k = 0; k < before.beside_count; k++) judge(&out->beside[i], &before.beside[k]);
    run_look_free(&before);
    return s;
}

static void forget_work(run_job *j)
{
    if (!j->running) j->at_work = 0;
}

status run_look_read(run_look *out, const char *directory)
{
    TRY(look_once(out, directory));
    if (any_in_doubt(out)) TRY(look_again(out, directory));
    forget_work(&out->lead);
    for (int i = 0; i < out->beside_count; i++) forget_work(&out->beside[i]);
    return status_ok();
}

void run_look_free(run_look *look)
{
    free(look->lead.groups);
    for (int i = 0; i < look->beside_count; i++) free(look->beside[i].groups);
    free(look->beside);
    memset(look, 0, sizeof *look);
}

/* ---- as JSON ---- */

static json_t *job_object(const run_job *j)
{
    json_t *groups = json_array();
    for (int i = 0; i < j->group_count; i++) json_array_append_new(groups, json_string(j->groups[i]));
    json_t *object = json_pack("{s:s, s:s, s:b, s:b, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:o}",
                               "state", j->state, "job", j->job, "alive", j->running, "gone", j->gone, "silent",
                               j->silent, "done", j->done, "failed", j->failed, "stopped", j->stopped, "running",
                               j->at_work, "total", j->total, "others", j->others, "awaited", j->awaited, "exit",
                               j->exit_code, "command", j->command, "folder", j->folder, "groups", groups);
    if (object == NULL) return NULL;
    json_object_set_new(object, "age_s", j->age < 0 ? json_null() : json_real(j->ahead > 0 ? -j->ahead : j->age));
    json_object_set_new(object, "fraction", j->fraction >= 0 ? json_real(j->fraction) : json_null());
    json_object_set_new(object, "seconds_left",
                        j->running && j->seconds_left >= 0 ? json_real(j->seconds_left) : json_null());
    return object;
}

status run_look_json(FILE *out, const run_look *look, const char *directory, const char *more)
{
    json_t *object = job_object(&look->lead), *beside = json_array(), *queued = json_array();
    for (int i = 0; i < look->beside_count; i++) json_array_append_new(beside, job_object(&look->beside[i]));
    for (int i = 0; i < look->queued_count; i++) json_array_append_new(queued, json_string(look->queued[i]));
    char *text = NULL;
    if (object != NULL) {
        json_object_set_new(object, "run", json_string(directory));
        json_object_set_new(object, "beside", beside);
        json_object_set_new(object, "queued", queued);
        text = json_dumps(object, JSON_COMPACT);
    }
    json_decref(object);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for the status of %s", directory);
    text[strlen(text) - 1] = '\0'; /* its closing brace */
    fprintf(out, "%s%s%s}\n", text, more[0] != '\0' ? "," : "", more);
    free(text);
    return status_ok();
}
