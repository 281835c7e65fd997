/* objective: what a sampled network is worth, from its cross-entropy and its cost; the smaller the better (Zur et al.
 * 2019). r = cost / base:
 *
 *   ratio2  CE + strength r^2        ratio   CE + strength r
 *   tanh    CE + strength (tanh(8 (r - 1.19863)) + 1) / 4: 0.02 at r = 1, 1/2 far above
 *   curve   against the losses H of homogeneous networks over their costs, x = (CE - H) / H: 0.1 + x, or 0.1 + leak x
 *           where it is better
 *
 * Pure. */
#ifndef CORE_STRATEGY_OBJECTIVE_H
#define CORE_STRATEGY_OBJECTIVE_H

typedef enum { OBJECTIVE_RATIO2, OBJECTIVE_RATIO, OBJECTIVE_TANH, OBJECTIVE_CURVE } objective_kind;

double objective_of_ratio(objective_kind kind, double loss, double ratio, double strength);
double objective_of_curve(double loss, double homogeneous, double leak);

/* Linear between the points, costs ascending; beyond the ends as the first and the last piece go on. count >= 2. */
double objective_interpolate(const double *costs, const double *losses, int count, double cost);

/* The nearest falling sequence in least squares (pool adjacent violators), in place. */
void objective_make_falling(double *losses, int count);

#endif
