/* report_seeds: points that differ only in their seed, as one: mean and spread. */
#ifndef RESULTS_REPORT_REPORT_SEEDS_H
#define RESULTS_REPORT_REPORT_SEEDS_H

#include "results/report/report_types.h"

/* Is anything that was asked for trained with more than one seed, in the same run? */
bool report_seeds_are_several(const report_point *points, int count);

/* Replaces the points of what was asked for (run, strategy, network, cost model, strength, target, bits, step) by their
 * mean: costs and accuracies; deviations with n - 1. id, key and seed are those of the one with the smallest id. */
void report_seeds_average(report_data *d);

/* Orders points so that those which differ only in their seed are neighbours. */
int report_seeds_order(const void *left, const void *right);
/* How many points from the first on belong together. */
int report_seeds_extent(const report_point *points, int count);

#endif
