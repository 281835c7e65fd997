/* front_measures: numbers that say how good a front is, and how sure that is. Plain arrays in, numbers out; knows
 * nothing of files. Costs are minimised, accuracies maximised; no value is NaN. NaN comes back when there is no memory.
 *
 * Sources: hypervolume: Zitzler, Thiele, IEEE TEC 3 (1999); additive epsilon: Zitzler et al., IEEE TEC 7 (2003), eq. 6;
 * coverage C(A, B): Zitzler, Thiele (1999); attainment: Grunert da Fonseca et al., EMO (2001); bootstrap percentiles:
 * Efron, Ann. Stat. 7 (1979). */
#ifndef RESULTS_REPORT_FRONT_MEASURES_H
#define RESULTS_REPORT_FRONT_MEASURES_H

/* One front, or any set of points. */
typedef struct {
    const double *cost, *accuracy;
    int count;
} front_set;

/* Volume between n points with two costs and the reference point; points beyond the reference contribute nothing. */
double front_hypervolume_3d(const double *first, const double *second, const double *accuracy, int n,
                            double first_reference, double second_reference, double accuracy_reference);

/* By how much all of `a` has to be moved, in every objective at once, so that each point of `b` is reached or exceeded:
 * max over b of min over a of max(cost a - cost b, accuracy b - accuracy a). Negative: a is better everywhere by that.
 * Objectives have to be of one scale. Infinite when only a is empty; minus infinite when b is. */
double front_epsilon(front_set a, front_set b);

/* The part of b's points that some point of a is at least as good as in both. NaN when b is empty. */
double front_coverage(front_set a, front_set b);

/* Of a front by increasing cost the point that lies farthest above the line from its first to its last point, both axes
 * scaled to 1; of equals the cheaper one. -1 with less than three points, or none above the line. */
int front_knee(front_set front);

/* Points (cost[i], accuracy[i]) belong to set[i], 0 ... sets - 1: keeps, by increasing cost, those that are more
 * accurate than all cheaper ones of their set. No attainment changes. Returns how many; -1 without memory. */
int front_of_sets(double *cost, double *accuracy, int *set, int n, int sets);

/* What is attained by at least `least` of `sets`: points (cost[i], accuracy[i]) belong to set[i], 0 ... sets - 1. Fills
 * the corners of that line, by increasing cost and accuracy, into out_cost, out_accuracy, which have room for n.
 * Returns their number; -1 without memory. */
int front_attainment(double *out_cost, double *out_accuracy, const double *cost, const double *accuracy, const int *set,
                     int n, int sets, int least);

/* 95 % interval of the mean of n values: the percentiles of the means of 2000 samples drawn with replacement, always
 * the same ones. Both NaN with less than two values. */
void front_bootstrap(double *low, double *high, const double *values, int n);

/* Linear between the corners of a line by increasing x; NaN outside of it. */
double front_between(const double *x, const double *y, int n, double at);

#endif
