/* report_data: what the report shows, read from results.h5: points with their cost and accuracy in display units,
 * sorted, and who is on the front. The views (table, plot, csv, picture) only format it. */
#ifndef RESULTS_REPORT_REPORT_DATA_H
#define RESULTS_REPORT_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "results/report/report_axis.h"

/* What is asked for. */
typedef struct {
    const char *cost;   /* column to draw against: "size" or "size_bits" (default NULL = size_bits) */
    const char *metric; /* "test_accuracy" (default NULL) or "validation_accuracy" */
    int width;          /* terminal columns; 0 = of `out`, 80 when not a terminal */
} report_options;

typedef struct {
    int id, bits;
    int64_t seed;
    char strategy[MAX_NAME], cost_model[MAX_NAME];
    double strength;
    double cost;             /* in display units: kB, or the unit of the column with its prefix */
    double raw_cost;         /* as in the column */
    double accuracy;         /* the metric of the report, in percent */
    double test, validation; /* accuracies in percent */
    bool on_front;
    int dominated_by; /* id of the cheapest front point that is at least as good in both; 0 on the front */
} report_point;

typedef struct {
    report_point *points; /* by increasing cost; owned */
    int count;
    int front_count, failed_count;
    char column[MAX_NAME]; /* "size_bits" */
    char cost_name[96];    /* "model size", or the description of the column */
    char cost_unit[24];    /* "kB", "Mcycles" */
    char metric[24];       /* "test" or "validation" */
    double float_accuracy; /* percent, mean over the warm-ups; NaN without */
    int float_count;
    char run[MAX_NAME], network[MAX_NAME], data[MAX_NAME]; /* names for the title; empty when unknown */
} report_data;

/* "w4" for fixed precisions, else the strength. */
void report_setting(char out[32], const report_point *p);

/* The axes that show all points with a positive cost, and the float accuracy. False when there is no such point. */
bool report_ranges(report_axis *x, report_axis *y, const report_data *d);

MUST_CHECK status report_data_read(report_data *out, const char *path, const report_options *options);
void report_data_free(report_data *d);

#endif
