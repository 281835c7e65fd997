#define _POSIX_C_SOURCE 200809L
#include "results/run/run_index.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/seal.h"
#include "results/file/provenance.h"
#include "results/run/run_internal.h"

enum { LINE = 256, KEY_DIGITS = TASK_KEY - 1 };
static const double YOUNG_SECONDS = 2; /* coarser than the clock of any file system */
static const char *const ENDS[] = {[RECORD_DONE] = "done", [RECORD_FAILED] = "failed"};

run_index_stamp run_index_stamp_of(const char *path)
{
    run_index_stamp out = {.text = "", .young = true};
    struct stat s;
    struct timespec now;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return out;
    snprintf(out.text, RUN_INDEX_STAMP, "%lld %lld.%09ld %lld.%09ld %llu", (long long)s.st_size,
             (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec,
             (unsigned long long)s.st_ino);
    clock_gettime(CLOCK_REALTIME, &now);
    const double age = (double)(now.tv_sec - s.st_ctim.tv_sec) + 1e-9 * (double)(now.tv_nsec - s.st_ctim.tv_nsec);
    out.inode = s.st_ino;
    out.young = age < YOUNG_SECONDS;
    return out;
}

/* ---- what results.h5 depends on, besides the content of task files ---- */

static void add_text(checksum *sum, const char *text)
{
    checksum_add(sum, text, strlen(text) + 1);
}

static checksum begin_digest(const run *r, const task_plan *plan)
{
    checksum sum = checksum_begin();
    const int32_t numbers[] = {RUN_FORMAT, plan->count};
    add_text(&sum, provenance_revision());
    add_text(&sum, r->config_text);
    add_text(&sum, r->network_text);
    add_text(&sum, r->data_checksum);
    checksum_add_int32(&sum, numbers, 2);
    return sum;
}

/* What the plan says of it: the file may say otherwise. */
static void add_task(checksum *sum, const task *t)
{
    const int32_t numbers[] = {t->id, t->point};
    add_text(sum, t->key);
    add_text(sum, t->strategy);
    add_text(sum, t->network_name);
    checksum_add_int32(sum, numbers, 2);
}

/* ---- writing ---- */

status run_index_begin(run_index_writer *out, const run *r, const task_plan *plan)
{
    run_path(out->path, r, "results.index");
    snprintf(out->temporary, sizeof out->temporary, "%s.tmp-%s", out->path, r->owner[0] != '\0' ? r->owner : "alone");
    out->out = fopen(out->temporary, "we");
    if (out->out == NULL) return status_fail(STATUS_IO, "cannot write %s: %s", out->temporary, strerror(errno));
    out->depends = begin_digest(r, plan);
    return status_ok();
}

void run_index_add(run_index_writer *w, const task *t, record_state state, const run_index_stamp *stamp)
{
    fprintf(w->out, "%s %s %s%s\n", t->key, stamp->text, ENDS[state], stamp->young ? " young" : "");
    add_task(&w->depends, t);
}

static status close_text(run_index_writer *w, const run_index_stamp *results)
{
    char digest[CHECKSUM_TEXT];
    status summed = checksum_end(&w->depends, digest);
    fprintf(w->out, "results %s %s\n", results->text, failed(summed) ? "" : digest);
    const bool good = ferror(w->out) == 0;
    const bool closed = fclose(w->out) == 0;
    w->out = NULL;
    TRY(summed);
    if (good && closed) return status_ok();
    return status_fail(STATUS_IO, "cannot write %s: %s", w->temporary, strerror(errno));
}

status run_index_end(run_index_writer *w, const run_index_stamp *results)
{
    status s = close_text(w, results);
    if (!failed(s)) s = seal_append(w->temporary);
    if (!failed(s)) s = file_rename(w->temporary, w->path);
    if (failed(s)) unlink(w->temporary);
    return s;
}

void run_index_abandon(run_index_writer *w)
{
    char unused[CHECKSUM_TEXT];
    if (w->out == NULL) return;
    status freed = checksum_end(&w->depends, unused);
    (void)freed;
    fclose(w->out);
    w->out = NULL;
    unlink(w->temporary);
}

/* ---- reading ---- */

/* An index whose seal is right; NULL: there is none. */
static FILE *open_index(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "results.index");
    return failed(seal_check(path)) ? NULL : fopen(path, "re");
}

/* The line says `name`, and that the file at `path` has the stamp that it has. *rest: behind that. */
static bool line_fits(const char **rest, const char *line, const char *name, const char *path)
{
    const run_index_stamp stamp = run_index_stamp_of(path);
    const size_t named = strlen(name), length = strlen(stamp.text);
    if (length == 0 || strncmp(line, name, named) != 0 || line[named] != ' ') return false;
    if (strncmp(line + named + 1, stamp.text, length) != 0 || line[named + 1 + length] != ' ') return false;
    *rest = line + named + 1 + length + 1;
    return true;
}

/* Nothing may stand behind the state: " young" makes it unknown. */
static unsigned char state_of(const char *rest)
{
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        if (strncmp(rest, ENDS[i], strlen(ENDS[i])) == 0 && rest[strlen(ENDS[i])] == '\n') return (unsigned char)i;
    return RUN_INDEX_UNKNOWN;
}

void run_index_read(unsigned char *states, const run *r, const task_plan *plan)
{
    memset(states, RUN_INDEX_UNKNOWN, (size_t)plan->count);
    FILE *in = open_index(r);
    if (in == NULL) return;
    char line[LINE], key[TASK_KEY], path[MAX_PATH_TEXT];
    while (fgets(line, sizeof line, in) != NULL) {
        snprintf(key, sizeof key, "%.*s", KEY_DIGITS, line);
        if (strspn(key, "0123456789abcdef") != KEY_DIGITS) continue;
        const int id = task_plan_find(plan, key);
        const char *rest;
        if (id == 0) continue;
        run_task_path(path, r, key);
        if (line_fits(&rest, line, key, path)) states[id - 1] = state_of(rest);
    }
    fclose(in);
}

/* Line after line, as a snapshot would write them now. */
static status compare(bool *same, FILE *in, const run *r, const task_plan *plan, checksum *depends)
{
    char line[LINE] = "", path[RUN_PATH_BYTES], digest[CHECKSUM_TEXT];
    const char *rest;
    *same = true;
    for (int i = 0; i < plan->count && *same; i++) {
        const task *t = &plan->tasks[i];
        run_task_path(path, r, t->key);
        if (!file_exists(path)) continue;
        *same = fgets(line, sizeof line, in) != NULL && line_fits(&rest, line, t->key, path);
        add_task(depends, t);
    }
    TRY(checksum_end(depends, digest));
    run_path(path, r, "results.h5");
    *same = *same && fgets(line, sizeof line, in) != NULL && line_fits(&rest, line, "results", path) &&
            strncmp(rest, digest, strlen(digest)) == 0;
    return status_ok();
}

status run_index_current(bool *out, const run *r, const task_plan *plan)
{
    FILE *in = open_index(r);
    *out = false;
    if (in == NULL) return status_ok();
    checksum depends = begin_digest(r, plan);
    status s = compare(out, in, r, plan, &depends);
    fclose(in);
    return s;
}
