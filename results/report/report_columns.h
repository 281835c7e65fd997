/* report_columns: the table /points of one results.h5 in memory, as it stands: every cost, nothing chosen. */
#ifndef RESULTS_REPORT_REPORT_COLUMNS_H
#define RESULTS_REPORT_REPORT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/config/settings.h"

typedef struct {
    char name[MAX_NAME];   /* "size_bits" */
    char unit[24];         /* "bits" */
    char description[160]; /* of the cost model; what follows a semicolon there is left out */
    double *values;        /* (count) NaN: the task has none */
} report_cost_column;

typedef struct {
    size_t count;
    double *id, *bits, *step, *strength, *target, *test, *validation, *integer; /* (count); integer: NaN
                                                                                 * where there is none */
    int64_t *seed;
    char **key, **role, **kind, **state, **strategy, **cost_model, **network;
    int cost_count;
    report_cost_column *costs;          /* in the order of their names */
    char provenance[1000];              /* lines "name value" */
    char run[MAX_NAME], data[MAX_NAME]; /* of the configuration in the file; empty when unknown */
} report_columns;

/* path: of the file. *out is to be freed also after a failure. */
MUST_CHECK status report_columns_read(report_columns *out, const char *path);
void report_columns_free(report_columns *c);

/* The cost that `wanted` names: its column, or the model ("mpic" for mpic_cycles: the first that begins so), as place
 * in costs; -1: there is none. */
int report_columns_cost(const report_cost_column *costs, int count, const char *wanted);

/* Whether targets for the cost model are values of this column: "size_bits" in "bits" for "size". */
bool report_columns_targeted(const char *name, const char *unit, const char *cost_model);

#endif
