#define _XOPEN_SOURCE 700
#include "results/run/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "results/file/record_same.h"
#include "results/file/task_file.h"
#include "results/run/run_copy.h"
#include "results/run/run_internal.h"
#include "results/run/run_inventory.h"

static const double LEASE_SECONDS = 60;

/* Where a result comes from. */
typedef struct {
    char key[TASK_KEY];
    int source; /* 0: the output itself; i: inputs[i - 1]; -1: no sound file */
    record_state state;
} merged;

typedef struct {
    FILE *told;
    const run **sources; /* (count), owned; [0] is the output, NULL if it is no run yet */
    int count;
    merged *results; /* (result_count), by key; owned */
    int result_count;
    int conflicts;
    merge_summary summary;
} merge;

/* ---- choosing the files ---- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const merged *)a)->key, ((const merged *)b)->key);
}

/* Every key that any source has, once. */
static status list_keys(merge *m)
{
    for (int i = m->sources[0] == NULL; i < m->count; i++) {
        run_inventory found;
        TRY(run_inventory_read(&found, m->sources[i]));
        merged *more = realloc(m->results, ((size_t)(m->result_count + found.count) + 1) * sizeof *more);
        if (more != NULL) {
            m->results = more;
            for (int k = 0; k < found.count; k++) {
                merged *r = &m->results[m->result_count++];
                *r = (merged){.source = -1};
                memcpy(r->key, found.keys[k], sizeof r->key);
            }
        }
        run_inventory_free(&found);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory to merge %d results", m->result_count);
    }
    qsort(m->results, (size_t)m->result_count, sizeof *m->results, by_key);
    int kept = 0;
    for (int i = 0; i < m->result_count; i++)
        if (kept == 0 || by_key(&m->results[kept - 1], &m->results[i]) != 0) m->results[kept++] = m->results[i];
    m->result_count = kept;
    return status_ok();
}

/* Which instruction set made it; empty when unknown. */
static void read_kernels(char out[16], const run *r, const char *key)
{
    char *text;
    h5_id file;
    task_mark mark;
    out[0] = '\0';
    if (failed(run_open_task(&file, &mark, r, key))) return;
    if (!failed(h5_get_text(&text, file, "provenance", "kernels"))) {
        snprintf(out, 16, "%s", text);
        text_printable(out);
        free(text);
    }
    h5_discard(file);
}

/* Two sources have the task: their results must be equal. */
static bool compare(merge *m, const merged *chosen, const record *kept, const record *other, int other_source)
{
    char differing[256];
    if (record_same(differing, sizeof differing, kept, other)) return true;
    char label[TASK_LABEL], first[16], second[16];
    task_label(label, &kept->task);
    m->conflicts++;
    fprintf(m->told, "task %.8s (%s) differs between %s and %s: %s", chosen->key, label,
            m->sources[chosen->source]->directory, m->sources[other_source]->directory, differing);
    read_kernels(first, m->sources[chosen->source], chosen->key);
    read_kernels(second, m->sources[other_source], chosen->key);
    if (strcmp(first, second) != 0)
        fprintf(m->told, " (made with %s and %s kernels, which differ in the last bits)", first, second);
    fprintf(m->told, "\n");
    return false;
}

/* Finds the first source with a sound file of the task, and compares the others with it. */
static status choose(merge *m, merged *chosen)
{
    record kept;
    bool equal = false;
    for (int i = m->sources[0] == NULL; i < m->count; i++) {
        char path[MAX_PATH_TEXT];
        run_task_path(path, m->sources[i], chosen->key);
        if (!file_exists(path)) continue;
        record found;
        status sound = run_read_task(&found, m->sources[i], chosen->key);
        if (failed(sound) && sound.code != STATUS_DATA) return sound;
        if (failed(sound)) {
            fprintf(m->told, "not used: %s\n", sound.message);
            m->summary.unusable++;
        } else if (chosen->source < 0) {
            chosen->source = i;
            kept = found;
        } else {
            equal = compare(m, chosen, &kept, &found, i);
            record_free(&found);
        }
    }
    if (chosen->source < 0) return status_ok();
    chosen->state = kept.state;
    m->summary.equal += equal;
    m->summary.added += chosen->source > 0;
    record_free(&kept);
    return status_ok();
}

static status choose_all(merge *m, const task_plan *plan)
{
    for (int i = 0; i < m->result_count; i++) {
        const merged *r = &m->results[i];
        TRY(choose(m, &m->results[i]));
        if (r->source < 0) continue;
        const bool planned = task_plan_find(plan, r->key) != 0;
        m->summary.done += planned && r->state == RECORD_DONE;
        m->summary.failed += planned && r->state == RECORD_FAILED;
        m->summary.others += !planned;
    }
    if (m->conflicts == 0) return status_ok();
    return status_fail(STATUS_DATA,
                       "%d task%s with different results in different runs (see above): nothing was merged. Remove the "
                       "files of the runs you do not trust, or leave those runs out",
                       m->conflicts, m->conflicts == 1 ? "" : "s");
}

/* ---- writing ---- */

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
        .others = m->summary.others,
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

/* What the output has of a task and cannot be used makes room, as when a sweep begins. */
static status copy_all(const merge *m, const run *to)
{
    for (int i = 0; i < m->result_count; i++) {
        const merged *r = &m->results[i];
        if (r->source == 0) continue;
        bool finished;
        record_state state;
        char warning[256];
        TRY(run_task_state(&finished, &state, warning, to, r->key));
        if (r->source > 0 && !finished) TRY(run_copy_task(to, m->sources[r->source], r->key, to->owner, false));
    }
    return status_ok();
}

static status write_all(const merge *m, run *to, const task_plan *plan, claims *c)
{
    claim_token lead;
    char holder[CLAIM_HOLDER], fields[128];
    TRY(claims_take(&lead, holder, c, RUN_LEAD));
    bool leads = lead.text[0] != '\0';
    snprintf(to->owner, sizeof to->owner, "%s", c->owner);
    to->own_log = !leads;
    TRY(copy_all(m, to));
    TRY(run_snapshot_last(to, plan, &(run_meanwhile){keep_claims, c}));
    snprintf(fields, sizeof fields, "\"added\":%d,\"done\":%d,\"failed\":%d", m->summary.added, m->summary.done,
             m->summary.failed);
    TRY(run_log(to, "merged", fields));
    if (leads) return write_status(m, to);
    fprintf(m->told, "%s is at work in %s and keeps its status\n", holder, to->directory);
    return status_ok();
}

static status write_output(const merge *m, const char *output, const run *like, const task_plan *plan)
{
    run to;
    claims c;
    bool changed;
    TRY(run_open(&to, output, like->config_text, like->network_text, like->data_checksum, &changed));
    snprintf(to.kernels, sizeof to.kernels, "merged");
    status result = claims_open(&c, to.directory, LEASE_SECONDS);
    if (!failed(result)) {
        result = write_all(m, &to, plan, &c);
        claims_close(&c);
    }
    run_close(&to);
    return result;
}

static bool same_directory(const run *a, const run *b)
{
    struct stat first, second;
    return stat(a->directory, &first) == 0 && stat(b->directory, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Two names of one directory are one source. */
static void add_source(merge *m, const run *r)
{
    for (int i = m->sources[0] == NULL; i < m->count; i++)
        if (same_directory(m->sources[i], r)) return;
    m->sources[m->count++] = r;
}

/* `there`: the output, NULL if it is no run yet. */
static status merge_into(merge *m, const run *there, const char *output, const run *like, const task_plan *plan,
                         const run *inputs, int count)
{
    m->sources = calloc((size_t)count + 1, sizeof *m->sources);
    if (m->sources == NULL) return status_fail(STATUS_MEMORY, "no memory to merge %d runs", count);
    m->sources[m->count++] = there;
    for (int i = 0; i < count; i++) add_source(m, &inputs[i]);
    TRY(list_keys(m));
    TRY(choose_all(m, plan));
    return write_output(m, output, like, plan);
}

status merge_runs(merge_summary *out, FILE *told, const char *output, const run *like, const task_plan *plan,
                  const run *inputs, int count)
{
    merge m = {.told = told, .summary = {.total = plan->count}};
    run there;
    bool exists;
    TRY(run_is_there(&exists, output));
    if (exists) TRY(run_open_read(&there, output));
    status result = merge_into(&m, exists ? &there : NULL, output, like, plan, inputs, count);
    free(m.sources);
    free(m.results);
    if (exists) run_close(&there);
    if (!failed(result)) *out = m.summary;
    return result;
}
