/* front: the non-dominated points of a set. Plain arrays in, indices out; knows nothing of files. */
#ifndef RESULTS_FILE_FRONT_H
#define RESULTS_FILE_FRONT_H

#include <stdbool.h>

/* cost[n] is minimised, accuracy[n] maximised. member[i] = true when no other point is at least as good in both and
 * better in one; of identical points the first stays. order[] receives the members by increasing cost. Returns their
 * number. Points with a NaN are never members. order has room for n. */
int front_extract(bool *member, int *order, const double *cost, const double *accuracy, int n);

/* Area dominated by the points, between them and the reference point (cost_reference, accuracy_reference): the larger
 * the better. Points beyond the reference contribute nothing. log_cost measures cost in natural logarithms (costs > 0).
 * NaN when there is no memory. */
double front_hypervolume(const double *cost, const double *accuracy, int n, double cost_reference,
                         double accuracy_reference, bool log_cost);

#endif
