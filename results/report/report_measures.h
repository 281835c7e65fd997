/* report_measures: what a front amounts to, in numbers with their conventions beside them. */
#ifndef RESULTS_REPORT_REPORT_MEASURES_H
#define RESULTS_REPORT_REPORT_MEASURES_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_types.h"

/* Prints, of the accuracy that is shown: hypervolume of the front in the plane of log cost and accuracy, normalised by
 * the box between the best and the worst values of all points (1: one point has both best values); with several seeds
 * the mean of the seeds' own hypervolumes with its bootstrap interval; the knee; with two runs or more each run's
 * hypervolume, and epsilon and coverage of every pair. second: a further cost, for the volume in three dimensions;
 * NULL: none. STATUS_CONFIG when there is no such cost. */
MUST_CHECK status report_measures(FILE *out, const report_data *d, const char *second);

/* "fixed:w8" (strategy and setting) or "12" (id): at the accuracy of that point, what the front of all other strategies
 * costs; at its cost, how accurate it is. Linear between the front's corners, in the logarithm of the cost.
 * STATUS_CONFIG: no such point. */
MUST_CHECK status report_iso(FILE *out, const report_data *d, const char *which);

#endif
