#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/sweep/queue_internal.h"

static const double FASTER = 0.95;        /* below this share of the time another size is better */
static const double WORTHWHILE = 1.5;     /* a new group must gain that many times what forming it costs */
static const double SEGMENT_MARGIN = 1.1; /* segments vary: how much longer than the last ones the next may be */

/* ---- estimates, in seconds ---- */

static phase_kind phase_of(const queue *q, int index)
{
    const queue_entry *e = &q->entries[index];
    if (e->state == QUEUE_RUNNING) return q->groups[e->group].phase;
    if (e->last.pace > 0) return (phase_kind)e->last.phase;
    return queue_first_phase(q, index);
}

static bool is_measured(const queue *q, int index)
{
    return speed_pace(&q->speed, &q->entries[index].last, phase_of(q, index), 0) > 0;
}

/* Before anything was measured a unit of work counts as a second: good enough to compare tasks. */
static double pace_of(const queue *q, int index, int level)
{
    phase_kind phase = phase_of(q, index);
    double pace = speed_pace(&q->speed, &q->entries[index].last, phase, level);
    return pace > 0 ? pace : speed_ratio(&q->speed, phase, 0, level);
}

static double left_seconds(const queue *q, int index, int level)
{
    return q->entries[index].left * pace_of(q, index, level);
}

static double segment_seconds(const queue *q, int index, int level)
{
    return speed_segment(&q->speed, &q->entries[index].last, phase_of(q, index), level);
}

/* How long the sweep goes on at least after the task has ended: the points that wait for a warm-up, on all ranks. */
static double tail_seconds(const queue *q, int index, int all_ranks)
{
    const queue_entry *e = &q->entries[index];
    if (e->behind <= 0) return 0;
    const speed_sample none = {0};
    double pace = speed_pace(&q->speed, &none, PHASE_SEARCH, 0);
    return e->behind * (pace > 0 ? pace : 1) / all_ranks;
}

static bool gets_faster(const queue *q, int index, int level)
{
    return 2 << level <= q->shards && level + 1 < SPEED_LEVELS &&
           speed_ratio(&q->speed, phase_of(q, index), level, level + 1) < FASTER;
}

static bool fits(const queue *q, double now, double seconds)
{
    return now < q->deadline && now + SEGMENT_MARGIN * seconds <= q->deadline;
}

static bool can_begin(const queue *q, double now, int index, int level)
{
    return fits(q, now, q->speed.regroup_seconds + segment_seconds(q, index, level));
}

/* The smallest group with which a warm-up does not hold up the sweep: one rank for a point. */
static int needed_level(const queue *q, int index, int all_ranks)
{
    if (q->tasks[index].point) return 0;
    const speed_sample none = {0};
    double pace = speed_pace(&q->speed, &none, PHASE_SEARCH, 0);
    double perfect = q->work_left * (pace > 0 ? pace : 1) / all_ranks, tail = tail_seconds(q, index, all_ranks);
    int level = 0;
    while (left_seconds(q, index, level) + tail > perfect && gets_faster(q, index, level)) level++;
    return level;
}

static int level_within(int ranks)
{
    int level = 0;
    while (2 << level <= ranks) level++;
    return level;
}

/* ---- the plan for fewer tasks than ranks ---- */

/* The heap of shares has the task that keeps the sweep longest at its root. */
static bool ends_after(const queue_share *a, const queue_share *b)
{
    return a->end > b->end || (a->end == b->end && a->index < b->index);
}

static void sink_share(queue_share *heap, int count, int place)
{
    while (true) {
        int best = place;
        for (int child = 2 * place + 1; child <= 2 * place + 2 && child < count; child++)
            if (ends_after(&heap[child], &heap[best])) best = child;
        if (best == place) return;
        queue_share moved = heap[place];
        heap[place] = heap[best];
        heap[best] = moved;
        place = best;
    }
}

/* Is a running task better off in a group of that level, after the regrouping? */
static bool pays(const queue *q, double now, int index, int level)
{
    const queue_group *g = &q->groups[q->entries[index].group];
    if (!is_measured(q, index) || !can_begin(q, now, index, level)) return false;
    return left_seconds(q, index, g->level) - left_seconds(q, index, level) > WORTHWHILE * q->speed.regroup_seconds;
}

static bool may_double(const queue *q, double now, const queue_share *s)
{
    if (!gets_faster(q, s->index, s->level)) return false;
    return q->entries[s->index].state != QUEUE_RUNNING || pays(q, now, s->index, s->level + 1);
}

static queue_share share_of(const queue *q, int index, int level, int all_ranks)
{
    return (queue_share){index, level, left_seconds(q, index, level) + tail_seconds(q, index, all_ranks)};
}

/* Sets the targets of all tasks that run or can start: what they have or need, then doubled one after the other. Only
 * for fewer waiting tasks than free ranks. */
static void plan(queue *q, double now, int free_ranks)
{
    if (q->planned_for == free_ranks) return;
    int count = 0, all_ranks = q->busy_ranks + free_ranks, spare = free_ranks - q->heap_count;
    queue_share *heap = q->shares;
    for (int i = 0; i < q->running; i++) heap[count++] = share_of(q, q->groups[i].index, q->groups[i].level, all_ranks);
    for (int i = 0; i < q->heap_count; i++) heap[count++] = share_of(q, q->heap[i], 0, all_ranks);
    for (int i = 0; i < count; i++) q->entries[heap[i].index].target = (unsigned char)heap[i].level;
    for (int i = count / 2 - 1; i >= 0; i--) sink_share(heap, count, i);
    while (count > 0 && spare > 0) {
        queue_share *longest = heap;
        if (1 << longest->level <= spare && may_double(q, now, longest)) {
            spare -= 1 << longest->level;
            *longest = share_of(q, longest->index, longest->level + 1, all_ranks);
            q->entries[longest->index].target = (unsigned char)longest->level;
        } else {
            *longest = heap[--count];
        }
        sink_share(heap, count, 0);
    }
    q->planned_for = free_ranks;
}

/* ---- the questions ---- */

static int level_to_start(queue *q, double now, int index, int free_ranks)
{
    int level;
    if (q->heap_count < free_ranks) {
        plan(q, now, free_ranks);
        level = q->entries[index].target;
    } else {
        level = needed_level(q, index, q->busy_ranks + free_ranks);
    }
    int most = level_within(free_ranks < q->shards ? free_ranks : q->shards);
    return level < most ? level : most;
}

bool queue_next(queue *q, double now, int free_ranks, int *id, int *ranks)
{
    if (free_ranks < 1 || q->heap_count == 0) return false;
    int place = 0, level = level_to_start(q, now, q->heap[0], free_ranks);
    if (!can_begin(q, now, q->heap[0], level)) {
        /* Near the deadline a task with shorter segments may still fit. */
        place = -1;
        for (int i = 1; i < q->heap_count; i++) {
            if (place >= 0 && queue_before(q, q->heap[place], q->heap[i])) continue;
            if (can_begin(q, now, q->heap[i], level_to_start(q, now, q->heap[i], free_ranks))) place = i;
        }
        if (place < 0) return false;
        level = level_to_start(q, now, q->heap[place], free_ranks);
    }
    int index = q->heap[place];
    (void)queue_take(q, place);
    queue_start(q, index, level, now);
    *id = index + 1;
    *ranks = 1 << level;
    return true;
}

/* Takes the new position of a running task. Returns the work done since the last one. */
static double advance(queue *q, int index, double fraction)
{
    queue_entry *e = &q->entries[index];
    float left = (float)(e->weight * (1 - fraction));
    double done = e->left - left;
    e->left = left;
    q->work_left -= done;
    return done;
}

void queue_begun(queue *q, int id, double now, double fraction, phase_kind phase)
{
    queue_group *g = queue_group_of(q, id);
    (void)advance(q, g->index, fraction);
    speed_learn_regroup(&q->speed, now - g->since);
    g->since = now;
    g->stepping = true;
    g->phase = phase;
}

/* Tasks wait for ranks: would this one do the same work in clearly fewer rank-seconds on a smaller group? */
static bool should_shrink(const queue *q, double now, const queue_group *g, int free_ranks)
{
    if (q->heap_count <= free_ranks || !is_measured(q, g->index)) return false;
    int level = needed_level(q, g->index, q->busy_ranks + free_ranks);
    if (level >= g->level || !can_begin(q, now, g->index, level)) return false;
    double here = left_seconds(q, g->index, g->level) * g->ranks;
    double there = left_seconds(q, g->index, level) * (1 << level);
    return there < FASTER * here && here - there > WORTHWHILE * q->speed.regroup_seconds * g->ranks;
}

static bool should_grow(queue *q, double now, const queue_group *g, int free_ranks)
{
    if (free_ranks < g->ranks || q->heap_count >= free_ranks) return false;
    plan(q, now, free_ranks);
    int target = q->entries[g->index].target;
    return target > g->level && pays(q, now, g->index, target);
}

queue_verdict queue_boundary(queue *q, int id, double now, double fraction, phase_kind phase, int free_ranks)
{
    queue_group *g = queue_group_of(q, id);
    queue_entry *e = &q->entries[g->index];
    bool first = e->last.pace <= 0 || e->last.level != g->level || e->last.phase != g->phase;
    speed_learn(&q->speed, &e->last, g->phase, g->level, advance(q, g->index, fraction), now - g->since);
    g->since = now;
    g->stepping = true;
    g->phase = phase;
    if (first) q->planned_for = -1;
    if (!fits(q, now, segment_seconds(q, g->index, g->level))) return QUEUE_DEADLINE;
    queue_verdict verdict = should_shrink(q, now, g, free_ranks) ? QUEUE_SHRINK
                            : should_grow(q, now, g, free_ranks) ? QUEUE_GROW
                                                                 : QUEUE_GO_ON;
    if (verdict != QUEUE_GO_ON) q->regroups++;
    return verdict;
}
