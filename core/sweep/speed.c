#include "core/sweep/speed.h"

#include <math.h>
#include <stdlib.h>

static const double ASSUMED_STEP = 1 / (2 * 0.9);  /* twice the ranks: efficiency 0.9 */
static const double ASSUMED_REGROUP_SECONDS = 1.0; /* form a group, read the checkpoint */
static const double MEMORY = 0.5;                  /* share of the newest measurement */

speed_table speed_new(void)
{
    return (speed_table){.assumed_step = ASSUMED_STEP, .regroup_seconds = ASSUMED_REGROUP_SECONDS};
}

static void blend(double *mean, double value)
{
    *mean = *mean > 0 ? (1 - MEMORY) * *mean + MEMORY * value : value;
}

static double step_at(const speed_table *t, phase_kind phase, int level)
{
    if (t->step[phase][level] > 0) return t->step[phase][level];
    for (int below = level - 1; below >= 0; below--)
        if (t->step[phase][below] > 0) return fmax(t->step[phase][below], t->assumed_step);
    return t->assumed_step;
}

double speed_ratio(const speed_table *t, phase_kind phase, int from, int to)
{
    double ratio = 1;
    for (int level = from; level < to; level++) ratio *= step_at(t, phase, level);
    for (int level = to; level < from; level++) ratio /= step_at(t, phase, level);
    return ratio;
}

/* The same work took `low_pace` at level `low` and `high_pace` at `high`: shared evenly among the steps between. */
static void learn_pair(speed_table *t, phase_kind phase, int low, double low_pace, int high, double high_pace)
{
    double step = pow(high_pace / low_pace, 1.0 / (high - low));
    for (int level = low; level < high; level++) blend(&t->step[phase][level], step);
}

static void learn_speedup(speed_table *t, const speed_sample *last, phase_kind phase, int level, double pace)
{
    int other = -1;
    double other_pace = 0;
    if (phase == PHASE_WARMUP) { /* the nearest other size of any warm-up */
        for (int i = 0; i < SPEED_LEVELS; i++) {
            if (i == level || t->warmup_pace[i] <= 0) continue;
            if (other >= 0 && abs(i - level) > abs(other - level)) continue;
            other = i;
            other_pace = t->warmup_pace[i];
        }
    } else if (last->pace > 0 && last->phase == phase && last->level != level) {
        other = last->level;
        other_pace = last->pace;
    }
    if (other < 0) return;
    if (other < level)
        learn_pair(t, phase, other, other_pace, level, pace);
    else
        learn_pair(t, phase, level, pace, other, other_pace);
}

void speed_learn(speed_table *t, speed_sample *last, phase_kind phase, int level, double weight, double seconds)
{
    if (weight <= 0 || seconds <= 0) return;
    double pace = seconds / weight;
    bool same = last->pace > 0 && last->phase == phase && last->level == level;
    if (!same) learn_speedup(t, last, phase, level, pace);
    if (phase == PHASE_WARMUP) blend(&t->warmup_pace[level], pace);
    double alone = speed_ratio(t, phase, level, 0);
    blend(&t->pace[phase], pace * alone);
    t->segment[phase] = fmax(t->segment[phase], seconds * alone);
    last->pace = (float)(same ? (1 - MEMORY) * last->pace + MEMORY * pace : pace);
    last->segment = (float)(same ? fmax(seconds, (1 - MEMORY) * last->segment + MEMORY * seconds) : seconds);
    last->phase = (unsigned char)phase;
    last->level = (unsigned char)level;
}

void speed_learn_regroup(speed_table *t, double seconds)
{
    if (seconds < 0) return;
    t->regroup_seconds = t->regroup_measured ? (1 - MEMORY) * t->regroup_seconds + MEMORY * seconds : seconds;
    t->regroup_measured = true;
}

/* Of this phase; else of one with similar steps. */
static double nearest(const double values[SPEED_PHASES], phase_kind phase)
{
    if (values[phase] > 0) return values[phase];
    static const phase_kind others[] = {PHASE_SEARCH, PHASE_FINETUNE, PHASE_WARMUP};
    for (int i = 0; i < SPEED_PHASES; i++)
        if (values[others[i]] > 0) return values[others[i]];
    return 0;
}

double speed_pace(const speed_table *t, const speed_sample *last, phase_kind phase, int level)
{
    if (last->pace > 0) return last->pace * speed_ratio(t, phase, last->level, level);
    return nearest(t->pace, phase) * speed_ratio(t, phase, 0, level);
}

double speed_segment(const speed_table *t, const speed_sample *last, phase_kind phase, int level)
{
    if (last->pace > 0) return last->segment * speed_ratio(t, phase, last->level, level);
    return nearest(t->segment, phase) * speed_ratio(t, phase, 0, level);
}
