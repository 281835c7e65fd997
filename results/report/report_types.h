/* report_types: what reports show: the points of one or several runs with their costs and accuracies in display units,
 * filtered, sorted, and who is on the front. The views (table, plot, csv, picture, page) only format it.
 *
 * The front is chosen on one accuracy, usually of the validation split, and shown in another one, usually of the test
 * split, which so has no part in the choice. With several seeds a point is the mean over the seeds of what was asked
 * for (unless each_seed), so that it is not the luckiest seed. */
#ifndef RESULTS_REPORT_REPORT_TYPES_H
#define RESULTS_REPORT_REPORT_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/task.h"
#include "results/report/report_columns.h"

enum { REPORT_MOST_RUNS = 16 };

/* What is asked for. */
typedef struct {
    const char *cost;       /* column to draw against: "size" or "size_bits" (default NULL = size_bits) */
    const char *metric;     /* to show: "test_accuracy" (default NULL) or "validation_accuracy" */
    const char *choose;     /* to choose the front by: "validation_accuracy" (default NULL) or "test_accuracy" */
    const char *strategies; /* "joint,fixed": only these; NULL: all; likewise the next */
    const char *cost_models, *networks, *seeds;
    bool each_seed; /* no means over seeds */
    int width;      /* terminal columns; 0 = of `out`, 80 when not a terminal */
} report_options;

typedef struct {
    int run; /* place in runs */
    int id, bits, step;
    int seeds;     /* that it is the mean of: 1 is a point as it was trained */
    uint64_t seed; /* of several the first */
    char key[TASK_KEY], strategy[TASK_NAME], cost_model[TASK_NAME], network[TASK_NETWORK];
    double strength, target;
    double cost;                     /* in display units: kB, or the unit of the column with its prefix */
    double raw_cost;                 /* as in the column */
    double accuracy;                 /* the metric of the report, in percent */
    double chosen_by;                /* the accuracy that the front is chosen by, in percent */
    double test, validation;         /* accuracies in percent */
    double raw_test, raw_validation; /* as in the columns: fractions */
    double integer;                  /* that of the test split by integers; NaN: there is none */
    double cost_deviation;     /* standard deviations over the seeds (n - 1), in the units of cost and accuracy; */
    double accuracy_deviation; /* 0 with one seed */
    double *costs;             /* (cost_count) of all models, as in the columns; borrowed from report_data */
    bool on_front;
    int mean;         /* of one in each: place in points of the mean that it is part of */
    int dominated_by; /* place in points of the cheapest front point that is at least as good in both; -1 on the front
                       */
} report_point;

/* A network of one precision to compare with, not one that another strategy trained at one precision in the end. */
static inline bool report_is_baseline(const report_point *p)
{
    return p->bits > 0 && p->bits <= 64 && strcmp(p->strategy, "fixed") == 0;
}

typedef struct {
    char path[MAX_PATH_TEXT]; /* as it was named */
    char name[MAX_NAME];      /* of the configuration; empty when unknown */
    char data[MAX_NAME];      /* data set */
    char provenance[1000];    /* lines "name value" of its results file */
} report_run;

typedef struct {
    report_point *points; /* by increasing cost, by falling accuracy, as in the files; owned */
    int count;
    int front_count, failed_count;
    int without_count; /* finished points that are left out: they have no value of this cost, or no accuracy */
    report_run runs[REPORT_MOST_RUNS];
    int run_count;
    report_cost_column *costs; /* (cost_count) without values; owned */
    int cost_count;
    double *cost_values;                 /* what the points' costs point to; owned */
    int cost;                            /* place of the one that is drawn; -1: there is no point yet */
    char column[MAX_NAME];               /* its name: "size_bits" */
    char cost_name[160];                 /* "model size", or the description of the column */
    char cost_unit[24];                  /* "kB", "Mcycles" */
    double scale;                        /* display units in one of the column's unit */
    char metric[24], choose[24];         /* "test" or "validation" */
    double float_accuracy;               /* percent, mean over the warm-ups; NaN without */
    double float_test, float_validation; /* the same of both splits */
    int float_count;
    bool several_seeds, is_mean; /* in the files; points are means over seeds */
    report_point *each;          /* (each_count) before the means, one mean's after another's; owned; NULL without */
    double *each_costs;          /* what their costs point to; owned */
    int each_count;
    char network[MAX_NAME]; /* of all points; "several networks" */
} report_data;

#endif
