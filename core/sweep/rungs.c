#include "core/sweep/rungs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int rungs_epochs(const stopping_settings *how, int k)
{
    double epochs = how->first;
    for (int i = 0; i < k && epochs < 1e6; i++) epochs *= how->eta;
    return (int)fmin(epochs, 1e6);
}

static bool joins(const task_plan *plan, const bool *has_children, int i, int last, int first)
{
    const task *t = &plan->tasks[i];
    return t->point && !has_children[i] && strcmp(t->cost_model, "none") != 0 && last > first;
}

static bool same_pool(const task *a, const task *b)
{
    return a->seed == b->seed && a->network == b->network && strcmp(a->cost_model, b->cost_model) == 0;
}

static rungs_run new_run(const stopping_settings *how, int pool, int place, int id, int last)
{
    rungs_run run = {.pool = pool, .id = id, .stopped = -1, .control = how->control > 0 && place % how->control == 0};
    while (run.count < RUNGS_MOST && rungs_epochs(how, run.count) < last) run.count++;
    return run;
}

/* The pool of the first point that is in none yet; tasks of pools are marked by taken. */
static void fill_pool(rungs *r, const task_plan *plan, const int *last, bool *taken, int first)
{
    int place = 0;
    for (int i = first; i < plan->count; i++) {
        if (taken[i] || !same_pool(&plan->tasks[i], &plan->tasks[first])) continue;
        taken[i] = true;
        r->run_of[i + 1] = r->count;
        r->runs[r->count++] = new_run(&r->how, r->pools, place++, i + 1, last[i]);
    }
    r->pools++;
}

status rungs_open(rungs *out, const stopping_settings *how, const task_plan *plan, const int *last)
{
    const size_t room = (size_t)plan->count + 1;
    rungs r = {.how = *how,
               .runs = calloc(room, sizeof *r.runs),
               .run_of = calloc(room, sizeof *r.run_of),
               .tasks = plan->count};
    bool *taken = calloc(room, sizeof *taken), *has_children = calloc(room, sizeof *has_children);
    if (r.runs == NULL || r.run_of == NULL || taken == NULL || has_children == NULL) {
        free(taken);
        free(has_children);
        rungs_close(&r);
        return status_fail(STATUS_MEMORY, "no memory for the rungs of %d tasks", plan->count);
    }
    for (int i = 0; i <= plan->count; i++) r.run_of[i] = -1;
    for (int i = 0; i < plan->parent_total; i++) has_children[plan->parents[i] - 1] = true;
    for (int i = 0; i < plan->count; i++) taken[i] = !joins(plan, has_children, i, last[i], how->first);
    for (int i = 0; i < plan->count; i++)
        if (!taken[i]) fill_pool(&r, plan, last, taken, i);
    free(taken);
    free(has_children);
    *out = r;
    return status_ok();
}

void rungs_close(rungs *r)
{
    free(r->runs);
    free(r->run_of);
    r->runs = NULL;
    r->run_of = NULL;
    r->count = 0;
}

rungs_run *rungs_find(const rungs *r, int id)
{
    return r->run_of != NULL && id >= 1 && id <= r->tasks && r->run_of[id] >= 0 ? &r->runs[r->run_of[id]] : NULL;
}

void rungs_reached(rungs_run *run, int k, stopping_point point)
{
    if (k != run->reached || k >= run->count) return;
    run->at[k] = point;
    run->reached++;
}

void rungs_ended(rungs_run *run, stopping_point end)
{
    run->end = end;
    run->ended = true;
}

void rungs_failed(rungs_run *run)
{
    run->failed = true;
}

bool rungs_waits(const rungs_run *run)
{
    if (run->control || run->ended || run->failed || run->stopped >= 0) return false;
    return run->reached > 0 && run->verdict[run->reached - 1] == STOPPING_UNDECIDED;
}

/* ---- one pool at one rung ---- */

typedef struct {
    rungs_run *runs; /* of the pool */
    int count, k;
} level;

static bool takes_part(const rungs_run *run, int k)
{
    return !run->failed && run->count > k && (run->stopped < 0 || run->stopped >= k);
}

static bool is_complete(const level *l)
{
    for (int i = 0; i < l->count; i++) {
        const rungs_run *run = &l->runs[i];
        if (run->control && !run->failed && !run->ended) return false;
        if (takes_part(run, l->k) && run->reached <= l->k) return false;
    }
    return true;
}

static bool is_judged(const level *l)
{
    for (int i = 0; i < l->count; i++)
        if (takes_part(&l->runs[i], l->k) && l->runs[i].verdict[l->k] == STOPPING_UNDECIDED) return false;
    return true;
}

static status judge_with(const level *l, int eta, stopping_point *points, bool *control, stopping_verdict *verdicts)
{
    stopping_point *ends = points + l->count;
    int n = 0, end_count = 0;
    double gain = 0;
    for (int i = 0; i < l->count; i++) {
        const rungs_run *run = &l->runs[i];
        if (run->control && run->ended) ends[end_count++] = run->end;
        if (!takes_part(run, l->k)) continue;
        points[n] = run->at[l->k];
        control[n++] = run->control;
        if (run->control) gain = fmax(gain, run->at[l->k].error - run->end.error);
    }
    TRY(stopping_judge(verdicts, points, control, n, eta, gain, ends, end_count));
    n = 0;
    for (int i = 0; i < l->count; i++) {
        rungs_run *run = &l->runs[i];
        if (!takes_part(run, l->k)) continue;
        run->verdict[l->k] = verdicts[n++];
        if (run->verdict[l->k] == STOPPING_STOPPED) run->stopped = l->k;
    }
    return status_ok();
}

static status judge_level(const level *l, int eta)
{
    const size_t room = (size_t)l->count + 1;
    stopping_point *points = calloc(2 * room, sizeof *points);
    bool *control = calloc(room, sizeof *control);
    stopping_verdict *verdicts = calloc(room, sizeof *verdicts);
    status s = status_fail(STATUS_MEMORY, "no memory to judge %d runs", l->count);
    if (points != NULL && control != NULL && verdicts != NULL) s = judge_with(l, eta, points, control, verdicts);
    free(points);
    free(control);
    free(verdicts);
    return s;
}

static status judge_pool(level l, int eta, bool *changed)
{
    for (l.k = 0; l.k < RUNGS_MOST && is_complete(&l); l.k++) {
        if (is_judged(&l)) continue;
        TRY(judge_level(&l, eta));
        *changed = true;
    }
    return status_ok();
}

status rungs_judge(rungs *r, bool *changed)
{
    *changed = false;
    for (int first = 0, next; first < r->count; first = next) {
        for (next = first; next < r->count && r->runs[next].pool == r->runs[first].pool; next++) {
        }
        TRY(judge_pool((level){.runs = r->runs + first, .count = next - first}, r->how.eta, changed));
    }
    return status_ok();
}

bool rungs_on_front(const rungs *r, const rungs_run *run)
{
    for (int i = 0; i < r->count; i++) {
        const rungs_run *other = &r->runs[i];
        if (other->pool == run->pool && other->ended && stopping_dominates(other->end, run->end)) return false;
    }
    return run->ended;
}
