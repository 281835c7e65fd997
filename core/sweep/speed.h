/* speed: what was measured of the time of training, and what is assumed until then. Times are kept by phase and by the
 * size of the group, a power of two: level 0 is one rank, level 3 are eight. Pure: no clock.
 *
 * A speed-up is learned from pairs: the same task in the same phase in groups of two sizes, since points differ in what
 * an epoch takes. Warm-ups are all alike, so one of them may be compared with another. */
#ifndef CORE_SWEEP_SPEED_H
#define CORE_SWEEP_SPEED_H

#include <stdbool.h>

#include "core/task/record.h"

enum { SPEED_LEVELS = 9, SPEED_PHASES = PHASE_COUNT };

/* A pace is seconds per unit of weight. */
typedef struct {
    float pace, segment; /* of the last segments; s: of the longest lately. 0: nothing measured */
    unsigned char phase, level;
} speed_sample;

typedef struct {
    double step[SPEED_PHASES][SPEED_LEVELS]; /* time at level + 1 over time at level; 0: not measured */
    double warmup_pace[SPEED_LEVELS];        /* mean over warm-ups; 0: not measured */
    double pace[SPEED_PHASES];               /* mean over tasks, as if on one rank; 0: not measured */
    double segment[SPEED_PHASES];            /* s, mean of segments, as if on one rank; 0: not measured */
    double assumed_step;                     /* in place of a step that was not measured */
    double regroup_seconds;                  /* from handing out to the first step */
    bool regroup_measured;
} speed_table;

speed_table speed_new(void);

/* Seconds at level `to` over seconds at level `from`. An unmeasured step is at best as good as the one below it. */
double speed_ratio(const speed_table *t, phase_kind phase, int from, int to);

/* A segment of `weight` (> 0) took `seconds` on a group of that level. *last is the task's own memory. */
void speed_learn(speed_table *t, speed_sample *last, phase_kind phase, int level, double weight, double seconds);

/* A task that was handed out began its first step after `seconds`. */
void speed_learn_regroup(speed_table *t, double seconds);

/* What is expected of a task in `phase` with that memory: seconds per unit of weight, seconds of a segment. 0 when
 * nothing at all was measured. */
double speed_pace(const speed_table *t, const speed_sample *last, phase_kind phase, int level);
double speed_segment(const speed_table *t, const speed_sample *last, phase_kind phase, int level);

#endif
