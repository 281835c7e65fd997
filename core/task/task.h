/* task: one point of a sweep, or the shared warm-up that points wait for. The list is a pure function of the settings:
 * ids are positions (1, 2, ...), warm-ups first, then the entries in the order of the file. */
#ifndef CORE_TASK_TASK_H
#define CORE_TASK_TASK_H

#include <stdint.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/config/settings.h"

typedef enum { TASK_WARMUP, TASK_POINT } task_role;

/* Room for the names in core/strategy: lists of tasks may be long. */
enum { TASK_STRATEGY = 24 };

typedef struct {
    int id; /* 1, 2, ...: file tasks/000001.h5 */
    task_role kind;
    int depends_on; /* id of the warm-up a point starts from; 0 = none */
    uint64_t seed;
    char strategy[TASK_STRATEGY]; /* "warmup" for warm-ups */
    char cost_model[MAX_NAME];    /* "none" for warm-ups and fixed */
    double strength; /* unit-free if normalize_cost, else per unit of the cost model; 0 for warm-ups and fixed */
    int bits;        /* fixed only, else 0 */
} task;

/* "joint size 2.5 seed 1", "fixed w4 seed 1", "warm-up seed 1": for people. */
void task_label(char out[128], const task *t);

/* *out is one allocation of *count tasks; the caller frees it. Refuses doubled settings, naming the lines. */
MUST_CHECK status task_list_build(task **out, int *count, const settings *s);

/* Table for `bitfront plan`. */
void task_list_print(FILE *out, const task *tasks, int count);

#endif
