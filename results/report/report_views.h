/* report_views: one report, several forms. */
#ifndef RESULTS_REPORT_REPORT_VIEWS_H
#define RESULTS_REPORT_REPORT_VIEWS_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_data.h"

void report_table(FILE *out, const report_data *d);

/* Accuracy against the logarithm of the cost, in characters; `unicode` false: ASCII only. Nothing without points. */
MUST_CHECK status report_plot(FILE *out, const report_data *d, int width, bool unicode);

/* Going through the points with *best at minus infinity first: is i on the line that is drawn, on the front and more
 * accurate, as shown, than every cheaper one there? The front is chosen on another accuracy than it is shown in, so
 * some of its points lie below the line. */
bool report_on_line(const report_data *d, int i, double *best);

/* What pictures show otherwise than one expects, or not at all; nothing if there is none. */
void report_tell_odd_points(FILE *out, const report_data *d);

#endif
