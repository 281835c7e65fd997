#include "core/sweep/simulate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* The next thing that happens to a running task. */
typedef struct {
    double time;
    long order; /* among events of the same time: first come, first served */
    int index;  /* of the task */
} event;

typedef struct {
    double units; /* done in all phases */
    double next;  /* units at the end of the segment that is running */
    double since; /* when the group began its first step; < 0: it is still being formed */
    int *members; /* (1 << level), owned while the task runs */
    int level;
} progress_of_task;

typedef struct {
    const simulation *in;
    simulated_sweep *out;
    queue queue;
    progress_of_task *tasks; /* (count), owned */
    event *events;           /* (event_count), a heap; one for each running task; owned */
    int event_count;
    long next_order;
    bool *idle; /* (workers), owned */
    int idle_count, lowest_idle;
    int span_room;
    double now;
} simulator;

static status no_memory(void)
{
    return status_fail(STATUS_MEMORY, "no memory for a simulation");
}

void simulate_amdahl(double part[SPEED_LEVELS], double serial)
{
    for (int level = 0; level < SPEED_LEVELS; level++) part[level] = serial + (1 - serial) / (1 << level);
}

/* ---- events ---- */

static bool comes_first(const event *a, const event *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void add_event(simulator *s, double time, int index)
{
    int place = s->event_count++;
    event e = {time, s->next_order++, index};
    for (; place > 0 && comes_first(&e, &s->events[(place - 1) / 2]); place = (place - 1) / 2)
        s->events[place] = s->events[(place - 1) / 2];
    s->events[place] = e;
}

static event take_event(simulator *s)
{
    event first = s->events[0], last = s->events[--s->event_count];
    int place = 0;
    while (true) {
        int child = 2 * place + 1;
        if (child >= s->event_count) break;
        if (child + 1 < s->event_count && comes_first(&s->events[child + 1], &s->events[child])) child++;
        if (!comes_first(&s->events[child], &last)) break;
        s->events[place] = s->events[child];
        place = child;
    }
    s->events[place] = last;
    return first;
}

/* ---- the work of a task ---- */

static double all_units(const simulated_work *w)
{
    double sum = 0;
    for (int phase = 0; phase < SPEED_PHASES; phase++) sum += w->units[phase];
    return sum;
}

/* The phase that comes after `done` units, and where it ends. */
static phase_kind phase_after(const simulated_work *w, double done, double *end)
{
    int phase = 0;
    *end = w->units[0];
    while (phase + 1 < SPEED_PHASES && done >= *end - 1e-9) *end += w->units[++phase];
    return (phase_kind)phase;
}

static void begin_segment(simulator *s, int index)
{
    progress_of_task *t = &s->tasks[index];
    const simulated_work *w = &s->in->work[index];
    double end;
    phase_kind phase = phase_after(w, t->units, &end);
    t->next = fmin(t->units + 1, end);
    double alone = (t->next - t->units) * w->seconds[phase];
    double seconds = alone * s->in->part[t->level];
    s->out->busy += seconds * (1 << t->level);
    s->out->useful += alone;
    add_event(s, s->now + seconds, index);
}

/* ---- ranks ---- */

static void take_ranks(simulator *s, progress_of_task *t)
{
    for (int i = 0; i < 1 << t->level; i++) {
        while (!s->idle[s->lowest_idle]) s->lowest_idle++;
        s->idle[s->lowest_idle] = false;
        t->members[i] = s->lowest_idle;
    }
    s->idle_count -= 1 << t->level;
}

static status give_ranks_back(simulator *s, int index)
{
    progress_of_task *t = &s->tasks[index];
    int ranks = 1 << t->level;
    if (s->out->span_count + ranks > s->span_room) {
        int room = 2 * s->span_room + ranks;
        simulated_span *more = realloc(s->out->spans, (size_t)room * sizeof *more);
        if (more == NULL) return no_memory();
        s->out->spans = more;
        s->span_room = room;
    }
    for (int i = 0; i < ranks; i++) {
        s->out->spans[s->out->span_count++] =
            (simulated_span){t->members[i], index + 1, (float)t->since, (float)s->now};
        s->idle[t->members[i]] = true;
        if (t->members[i] < s->lowest_idle) s->lowest_idle = t->members[i];
    }
    s->idle_count += ranks;
    free(t->members);
    t->members = NULL;
    return status_ok();
}

/* ---- what the coordinator does ---- */

static status hand_out(simulator *s)
{
    int id, ranks;
    while (queue_next(&s->queue, s->now, s->idle_count, &id, &ranks)) {
        progress_of_task *t = &s->tasks[id - 1];
        t->level = 0;
        while (1 << t->level < ranks) t->level++;
        t->members = malloc((size_t)ranks * sizeof *t->members);
        if (t->members == NULL) return no_memory();
        t->since = -1;
        take_ranks(s, t);
        if (ranks > s->out->largest) s->out->largest = ranks;
        add_event(s, s->now + s->in->regroup_seconds, id - 1);
    }
    return status_ok();
}

static status happen(simulator *s, const event *e)
{
    progress_of_task *t = &s->tasks[e->index];
    const simulated_work *w = &s->in->work[e->index];
    double all = all_units(w), end;
    if (t->since < 0) {
        t->since = s->now;
        queue_begun(&s->queue, e->index + 1, s->now, t->units / all, phase_after(w, t->units, &end));
        begin_segment(s, e->index);
        return status_ok();
    }
    t->units = t->next;
    if (t->units >= all - 1e-9) {
        queue_finished(&s->queue, e->index + 1, true);
        return give_ranks_back(s, e->index);
    }
    phase_kind next = phase_after(w, t->units, &end);
    if (queue_boundary(&s->queue, e->index + 1, s->now, t->units / all, next, s->idle_count) == QUEUE_GO_ON) {
        begin_segment(s, e->index);
        return status_ok();
    }
    queue_returned(&s->queue, e->index + 1);
    return give_ranks_back(s, e->index);
}

static status simulate_all(simulator *s)
{
    queue_set_deadline(&s->queue, s->in->walltime_seconds);
    TRY(hand_out(s));
    while (s->event_count > 0) {
        event e = take_event(s);
        s->now = e.time;
        TRY(happen(s, &e));
        TRY(hand_out(s));
    }
    return status_ok();
}

static status reserve(simulator *s)
{
    const simulation *in = s->in;
    float *weights = calloc((size_t)in->count + 1, sizeof *weights);
    s->tasks = calloc((size_t)in->count + 1, sizeof *s->tasks);
    s->events = calloc((size_t)in->count + 1, sizeof *s->events);
    s->idle = calloc((size_t)in->workers + 1, sizeof *s->idle);
    if (weights == NULL || s->tasks == NULL || s->events == NULL || s->idle == NULL) {
        free(weights);
        return no_memory();
    }
    for (int i = 0; i < in->count; i++) weights[i] = (float)all_units(&in->work[i]);
    for (int i = 0; i < in->workers; i++) s->idle[i] = true;
    s->idle_count = in->workers;
    int shards = in->shards < 1 << (SPEED_LEVELS - 1) ? in->shards : 1 << (SPEED_LEVELS - 1);
    status queued = queue_init(&s->queue, in->tasks, in->parents, weights, in->count, shards, in->workers);
    free(weights);
    return queued;
}

status simulate_run(simulated_sweep *out, const simulation *in)
{
    assert(in->workers > 0 && in->count > 0);
    *out = (simulated_sweep){0};
    simulator s = {.in = in, .out = out};
    status outcome = reserve(&s);
    if (!failed(outcome)) outcome = simulate_all(&s);
    out->makespan = s.now;
    out->utilisation = s.now > 0 ? out->busy / (in->workers * s.now) : 0;
    out->done = s.queue.done;
    out->left = in->count - s.queue.done;
    out->regroups = s.queue.regroups;
    for (int i = 0; s.tasks != NULL && i < in->count; i++) free(s.tasks[i].members);
    queue_free(&s.queue);
    free(s.tasks);
    free(s.events);
    free(s.idle);
    if (failed(outcome)) simulate_free(out);
    return outcome;
}

void simulate_free(simulated_sweep *s)
{
    free(s->spans);
    s->spans = NULL;
    s->span_count = 0;
}
