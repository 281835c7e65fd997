/* report_seeds: points that differ only in their seed, as one: mean and spread. */
#ifndef RESULTS_REPORT_REPORT_SEEDS_H
#define RESULTS_REPORT_REPORT_SEEDS_H

#include "results/report/report_types.h"

/* Has a run points of more than one seed? Points of a run are neighbours. */
bool report_seeds_are_several(const report_point *points, int count);

/* Replaces the points of what was asked for (run, strategy, network, cost model, strength, target, bits, step) by their
 * mean: costs and accuracies; deviations with n - 1. id, key and seed are those of the one with the smallest id. The
 * points themselves are in d->each. */
MUST_CHECK status report_seeds_average(report_data *d);

/* To be called when the means have been put into their final order: d->each follows them. */
MUST_CHECK status report_seeds_follow(report_data *d);

#endif
