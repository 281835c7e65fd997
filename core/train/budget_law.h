/* budget_law: the strength of a cost that keeps it at a budget (HGQ2's budget mode, S. Roy et al.):
 *
 *   strength = 10^(P e + I sum e),   e = log10(cost / budget),   P = 1, I = 2e-3, at most 1e+-6
 *
 * in loss per unit of a cost that is counted in unpruned networks, with the sum over all steps so far. */
#ifndef CORE_TRAIN_BUDGET_LAW_H
#define CORE_TRAIN_BUDGET_LAW_H

#include "core/base/real.h"

/* In a step. cost and budget in the same unit, both above 0; *sum: of the errors so far, this one is added. */
double budget_law(real *sum, double cost, double budget);

/* A budget that falls by the same factor in every step: from `from` to `to`, where it is when done = 1. */
double budget_falling(double from, double to, double done);

#endif
