/* task: one vertex of a sweep's graph: a piece of training whose start is a pure function of its parents' records, and
 * whose record is a pure function of its start and its settings. Some records are points of the front, others only
 * states that more tasks start from: warm-ups, legs of a trajectory. */
#ifndef CORE_TASK_TASK_H
#define CORE_TASK_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

/* Room for names in files and tables, for labels, and for keys: 32 hexadecimal digits. */
enum { TASK_NAME = 24, TASK_LABEL = 128, TASK_KEY = 33, TASK_NETWORK = 44, TASK_MOST_PARENTS = 1024 };

/* Small, for many are kept at a time: names are borrowed, in a plan from its settings, networks and strategies, in a
 * record from core/base/shared_text.h. */
typedef struct {
    int id;                    /* 1, 2, ...: the position in a plan, for people; another plan may have another one */
    bool point;                /* its record is a point */
    bool one_of_several;       /* the sweep has other networks, too: the label says on which it is */
    char key[TASK_KEY];        /* hash of everything the record depends on (identity.h); names its file */
    int16_t entry;             /* of the sweep, whose options it follows; -1: of none */
    int16_t network;           /* of the sweep's list */
    int parent_count, parents; /* tasks it starts from: their number, and the place of the first in task_plan.parents */
    int bits;                  /* weight precision of the strategy fixed, else 0 */
    int step;                  /* of a trajectory, from 1; 0: of none */
    int epochs;                /* length of a stage that has no fixed one; 0: of none */
    const char *kind;          /* which task_kind of core/strategy: "warmup", "joint" */
    const char *strategy;      /* of the entry of the sweep it belongs to; "warmup" for warm-ups */
    const char *network_name;  /* set by the plan */
    const char *cost_model;    /* "none": it is charged for nothing */
    uint64_t seed;
    double strength; /* unit-free if search.normalize_cost, else per unit of the cost model; 0 without one */
    double target;   /* budget in the cost model's unit; 0: none */
} task;

/* What was asked of a point: "w4" (precision), "to 32000" (budget), "0.5" (strength); of a leg its budget; else "-". */
void task_setting(char out[TASK_NAME], const task *t);

/* "joint size 2.5 seed 1", "fixed w4 on resnet8-x1.25 seed 1", "warm-up seed 1": for people. */
void task_label(char out[TASK_LABEL], const task *t);

#endif
