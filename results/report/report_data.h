/* report_data: reads what reports show (report_types.h). */
#ifndef RESULTS_REPORT_REPORT_DATA_H
#define RESULTS_REPORT_REPORT_DATA_H

#include "results/report/report_axis.h"
#include "results/report/report_types.h"

/* What was asked of a point: "w4", "to 2 kB", "0.5". */
void report_setting(char out[32], const report_data *d, const report_point *p);

/* The axes that show all points, their deviations and the float accuracy. False when there is no point. A cost of 0 has
 * no place on the logarithmic one: it stands at the left edge. */
bool report_ranges(report_axis *x, report_axis *y, const report_data *d);
/* Where it is drawn. */
double report_place(const report_axis *x, double cost);
/* How many points are drawn at the edge. */
int report_free_points(const report_data *d);

/* Reads results files, one a run; names[count]: how the runs were called. STATUS_CONFIG: a cost, metric or filter that
 * nothing has, more than REPORT_MOST_RUNS runs. */
MUST_CHECK status report_data_read(report_data *out, const char *const *files, const char *const *names, int count,
                                   const report_options *options);
void report_data_free(report_data *d);

/* "kB" and 1/8000 for bits, "kB" and 1/1000 for bytes; else the unit with a prefix that keeps `least`, the smallest
 * value above 0, short. */
double report_unit(char unit[24], const report_cost_column *column, double least);

#endif
