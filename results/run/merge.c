#define _XOPEN_SOURCE 700
#include "results/run/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/task/task.h"
#include "results/file/record_same.h"
#include "results/run/run.h"
#include "results/run/run_internal.h"
#include "results/file/seal.h"
#include "results/file/task_file.h"

static const double LEASE_SECONDS = 60;

/* One run that is read. */
typedef struct {
    run run; /* directory and texts; owned */
    dev_t device;
    ino_t inode;
} source;

typedef struct {
    FILE *told;
    source *sources; /* (count), owned */
    int count;
    int *chosen; /* (tasks + 1) the source whose file of a task is taken, -1: none has it; owned */
    int tasks;
    bool into_source; /* sources[0] is the output */
    int conflicts;
    merge_summary summary;
} merge;

/* ---- reading the runs ---- */

static bool is_run(const char *directory)
{
    char path[RUN_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/config.cfg", MAX_PATH_TEXT, directory);
    return file_exists(path);
}

static status read_part(char **out, const run *r, const char *name)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, name);
    return file_read_text(out, path);
}

/* A directory that was given twice, under any name, counts once. */
static status add_source(merge *m, const char *directory)
{
    struct stat info;
    if (stat(directory, &info) != 0)
        return status_fail(STATUS_CONFIG, "cannot read %s: %s", directory, strerror(errno));
    for (int i = 0; i < m->count; i++)
        if (m->sources[i].device == info.st_dev && m->sources[i].inode == info.st_ino) return status_ok();
    if (!is_run(directory))
        return status_fail(STATUS_CONFIG, "%s is not a run directory: it has no config.cfg", directory);
    if (strlen(directory) + 64 > MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "the path of a run directory is too long: %.100s...", directory);
    source *s = &m->sources[m->count++];
    s->device = info.st_dev;
    s->inode = info.st_ino;
    snprintf(s->run.directory, sizeof s->run.directory, "%s", directory);
    TRY(read_part(&s->run.config_text, &s->run, "config.cfg"));
    TRY(read_part(&s->run.network_text, &s->run, "network.cfg"));
    char *checksum;
    TRY(read_part(&checksum, &s->run, "data.checksum"));
    snprintf(s->run.data_checksum, sizeof s->run.data_checksum, "%s", checksum);
    free(checksum);
    return status_ok();
}

/* Texts of one configuration may differ in what cannot change a result. */
static status same_origin(const run *a, const char *config, const char *network, const char *checksum)
{
    if (strcmp(a->config_text, config) != 0) TRY(settings_same(a->config_text, config));
    if (strcmp(a->network_text, network) != 0) return status_fail(STATUS_CONFIG, "another network");
    if (strcmp(a->data_checksum, checksum) != 0) return status_fail(STATUS_CONFIG, "another data set");
    return status_ok();
}

static status check_sources(const merge *m)
{
    const run *first = &m->sources[0].run;
    for (int i = 1; i < m->count; i++) {
        const run *other = &m->sources[i].run;
        status same = same_origin(first, other->config_text, other->network_text, other->data_checksum);
        if (failed(same) && same.code == STATUS_CONFIG)
            return status_fail(STATUS_CONFIG, "%.120s and %.120s cannot be merged, they are different sweeps: %.200s",
                               first->directory, other->directory, same.message);
        TRY(same);
    }
    return status_ok();
}

static status count_tasks(int *out, const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "config.cfg");
    settings *s = malloc(sizeof *s);
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for the settings");
    task *tasks = NULL;
    status result = settings_load(s, path, NULL, 0);
    if (!failed(result)) result = task_list_build(&tasks, out, s);
    free(s);
    free(tasks);
    return result;
}

/* ---- choosing the files ---- */

static status same_root(const run *r, h5_id file)
{
    char *config = NULL, *network = NULL, *checksum = NULL;
    status result = h5_get_text(&config, file, ".", "config");
    if (!failed(result)) result = h5_get_text(&network, file, ".", "network");
    if (!failed(result)) result = h5_get_text(&checksum, file, ".", "data_checksum");
    if (!failed(result)) result = same_origin(r, config, network, checksum);
    free(config);
    free(network);
    free(checksum);
    return result;
}

static status read_kernels(char out[16], h5_id file)
{
    char *text;
    TRY(h5_get_text(&text, file, "provenance", "kernels"));
    snprintf(out, 16, "%s", text);
    free(text);
    return status_ok();
}

/* Everything about one task file of one source. */
static status read_file(record *out, char kernels[16], const run *r, int id)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, id);
    h5_id file;
    TRY(run_open_task(&file, path));
    record rec;
    status result = same_root(r, file);
    if (!failed(result)) result = read_kernels(kernels, file);
    if (!failed(result)) result = task_file_read(&rec, file);
    if (failed(result)) {
        h5_discard(file);
        return status_in(result, "%s", path);
    }
    result = h5_close(file);
    if (!failed(result) && rec.task.id != id) result = status_fail(STATUS_DATA, "%s holds task %d", path, rec.task.id);
    if (failed(result))
        record_free(&rec);
    else
        *out = rec;
    return result;
}

/* Two sources have the task: their results must be equal. */
static bool compare(merge *m, int id, const record *kept, const record *other, int other_source,
                    const char *kept_kernels, const char *other_kernels)
{
    char differing[256];
    if (record_same(differing, sizeof differing, kept, other)) return true;
    char label[128];
    task_label(label, &kept->task);
    m->conflicts++;
    fprintf(m->told, "task %d (%s) differs between %s and %s: %s", id, label, m->sources[m->chosen[id]].run.directory,
            m->sources[other_source].run.directory, differing);
    if (strcmp(kept_kernels, other_kernels) != 0)
        fprintf(m->told, " (made with %s and %s kernels, which differ in the last bits)", kept_kernels, other_kernels);
    fprintf(m->told, "\n");
    return false;
}

/* Finds the first source with a sound file of the task, and compares the others with it. */
static status choose(merge *m, int id)
{
    record kept;
    char kept_kernels[16] = "";
    bool equal = false;
    m->chosen[id] = -1;
    for (int i = 0; i < m->count; i++) {
        char path[MAX_PATH_TEXT], kernels[16] = "";
        run_task_path(path, &m->sources[i].run, id);
        if (!file_exists(path)) continue;
        record found;
        status sound = read_file(&found, kernels, &m->sources[i].run, id);
        if (sound.code == STATUS_MEMORY) return sound;
        if (failed(sound)) {
            fprintf(m->told, "not used: %s\n", sound.message);
            m->summary.unusable++;
        } else if (m->chosen[id] < 0) {
            m->chosen[id] = i;
            kept = found;
            snprintf(kept_kernels, sizeof kept_kernels, "%s", kernels);
        } else {
            equal = compare(m, id, &kept, &found, i, kept_kernels, kernels);
            record_free(&found);
        }
    }
    if (m->chosen[id] < 0) return status_ok();
    if (equal) m->summary.equal++;
    if (kept.state == RECORD_DONE)
        m->summary.done++;
    else
        m->summary.failed++;
    if (m->chosen[id] != 0 || !m->into_source) m->summary.added++;
    record_free(&kept);
    return status_ok();
}

static status choose_all(merge *m)
{
    m->chosen = malloc((size_t)(m->tasks + 1) * sizeof *m->chosen);
    if (m->chosen == NULL) return status_fail(STATUS_MEMORY, "no memory to merge %d tasks", m->tasks);
    for (int id = 1; id <= m->tasks; id++) TRY(choose(m, id));
    if (m->conflicts == 0) return status_ok();
    return status_fail(STATUS_DATA,
                       "%d task%s with different results in different runs (see above): nothing was merged. Remove the "
                       "files of the runs you do not trust, or leave those runs out",
                       m->conflicts, m->conflicts == 1 ? "" : "s");
}

/* ---- writing ---- */

/* What the output has of a task and cannot be used makes room, as when a sweep begins. */
static status make_way(const run *to, int id)
{
    char path[MAX_PATH_TEXT], aside[MAX_PATH_TEXT + 16], kernels[16];
    run_task_path(path, to, id);
    if (!file_exists(path)) return status_ok();
    record rec;
    status sound = read_file(&rec, kernels, to, id);
    if (!failed(sound)) { /* a job at work there has just finished it */
        record_free(&rec);
        return status_ok();
    }
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) == 0) return status_ok();
    return status_fail(STATUS_IO, "cannot rename %s to %s: %s", path, aside, strerror(errno));
}

static status copy_task(const run *to, const run *from, int id, const char *owner)
{
    char source_path[MAX_PATH_TEXT], path[MAX_PATH_TEXT], temporary[MAX_PATH_TEXT + 64];
    run_task_path(source_path, from, id);
    run_task_path(path, to, id);
    snprintf(temporary, sizeof temporary, "%s.merge-%s.tmp", path, owner);
    bool there;
    TRY(file_copy(temporary, source_path));
    status result = seal_check(temporary); /* the source may have changed, or the copy */
    if (!failed(result)) result = file_publish_new(&there, temporary, path);
    if (failed(result) || there) unlink(temporary);
    return result;
}

static status write_status(const merge *m, const run *r)
{
    int open = m->summary.total - m->summary.done - m->summary.failed;
    run_state now = {
        .state = open > 0                ? "stopped"
                 : m->summary.failed > 0 ? "failed"
                                         : "done",
        .done = m->summary.done,
        .failed = m->summary.failed,
        .total = m->summary.total,
        .exit_code = open > 0                ? 75
                     : m->summary.failed > 0 ? 1
                                             : 0, /* as a sweep would have ended */
    };
    return run_write_status(r, &now);
}

static status keep_claims(void *ctx)
{
    return claims_renew(ctx);
}

static status write_all(const merge *m, run *r, claims *c)
{
    claim_token lead;
    char holder[CLAIM_HOLDER], fields[128];
    TRY(claims_take(&lead, holder, c, RUN_LEAD));
    bool leads = lead.text[0] != '\0';
    snprintf(r->owner, sizeof r->owner, "%s", c->owner);
    r->own_log = !leads;
    for (int id = 1; id <= m->tasks; id++) {
        if (m->chosen[id] == 0 && m->into_source) continue;
        if (m->into_source) TRY(make_way(r, id));
        if (m->chosen[id] >= 0) TRY(copy_task(r, &m->sources[m->chosen[id]].run, id, c->owner));
    }
    TRY(run_snapshot_last(r, m->tasks, &(run_meanwhile){keep_claims, c}));
    snprintf(fields, sizeof fields, "\"added\":%d,\"done\":%d,\"failed\":%d", m->summary.added, m->summary.done,
             m->summary.failed);
    TRY(run_log(r, "merged", fields));
    if (leads) return write_status(m, r);
    fprintf(m->told, "%s is at work in %s and keeps its status\n", holder, r->directory);
    return status_ok();
}

static status write_output(const merge *m, const char *directory)
{
    const run *first = &m->sources[0].run;
    run r;
    TRY(run_open(&r, directory, first->config_text, first->network_text, first->data_checksum));
    snprintf(r.kernels, sizeof r.kernels, "merged");
    claims c;
    status result = claims_open(&c, directory, LEASE_SECONDS);
    if (!failed(result)) {
        result = write_all(m, &r, &c);
        claims_close(&c);
    }
    run_close(&r);
    return result;
}

static status merge_all(merge *m, const char *directory, const char *const *inputs, int count)
{
    m->sources = calloc((size_t)count + 1, sizeof *m->sources);
    if (m->sources == NULL) return status_fail(STATUS_MEMORY, "no memory to merge %d runs", count);
    m->into_source = is_run(directory);
    if (m->into_source) TRY(add_source(m, directory));
    for (int i = 0; i < count; i++) TRY(add_source(m, inputs[i]));
    TRY(check_sources(m));
    TRY(count_tasks(&m->tasks, &m->sources[0].run));
    m->summary.total = m->tasks;
    TRY(choose_all(m));
    return write_output(m, directory);
}

status merge_runs(merge_summary *out, FILE *told, const char *directory, const char *const *inputs, int count)
{
    merge m = {.told = told};
    status result = merge_all(&m, directory, inputs, count);
    for (int i = 0; i < m.count; i++) run_close(&m.sources[i].run);
    free(m.sources);
    free(m.chosen);
    if (!failed(result)) *out = m.summary;
    return result;
}
