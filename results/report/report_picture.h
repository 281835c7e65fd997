/* report_picture: fronts as a picture for a paper: readable in grey, the front above what it dominates. */
#ifndef RESULTS_REPORT_REPORT_PICTURE_H
#define RESULTS_REPORT_REPORT_PICTURE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "results/report/report_data.h"
#include "results/report/report_published.h"

typedef struct {
    const report_published *published; /* NULL: none */
    bool ids;                          /* name the points of the front by their ids */
    double least_accuracy;             /* in per cent: points below it are outside the picture; 0: none */
} picture_options;

/* Draws `picture` (.png, .svg or .pdf) with gnuplot; the script with its data stays beside it, with the ending .gp.
 * Means over seeds have bars of one standard deviation, and the lines that a quarter, half and three quarters of the
 * seeds attain. *made = false (and OK) when gnuplot is not installed. STATUS_DATA when no point has a cost above 0. */
MUST_CHECK status report_picture(bool *made, const char *picture, const report_data *d, const picture_options *o);

#endif
