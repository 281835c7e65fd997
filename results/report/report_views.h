/* report_views: one report, four forms. */
#ifndef RESULTS_REPORT_REPORT_VIEWS_H
#define RESULTS_REPORT_REPORT_VIEWS_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_data.h"

void report_table(FILE *out, const report_data *d);

/* Accuracy against the logarithm of the cost, in characters; `unicode` false: ASCII only. Nothing without points. */
MUST_CHECK status report_plot(FILE *out, const report_data *d, int width, bool unicode);

/* directory/front.csv: all points, costs as in the column. */
MUST_CHECK status report_csv(const char *directory, const report_data *d);

/* directory/front.gp, and through gnuplot directory/front.png. *made = false (and OK) when gnuplot is not installed. */
MUST_CHECK status report_picture(bool *made, const char *directory, const report_data *d);

#endif
