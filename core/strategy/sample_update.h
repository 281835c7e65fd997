/* sample_update: one update of the logits from what draws are worth. Pure. */
#ifndef CORE_STRATEGY_SAMPLE_UPDATE_H
#define CORE_STRATEGY_SAMPLE_UPDATE_H

#include "core/strategy/sample_options.h"

/* Losses of homogeneous networks over their costs, of the objective `curve`, costs ascending. */
typedef struct {
    int count;
    double costs[SCORE_MOST_OPTIONS], losses[SCORE_MOST_OPTIONS];
} sample_yardstick;

/* What a draw is worth, the smaller the better. full: the cost that r = 1 means. */
double sample_worth(const sample_options *o, const sample_yardstick *y, double loss, double cost, double full,
                    double strength);

/* Moves logits[space->logits] by worth[o->samples] of draws with counts[o->samples][space->logits]; number: of the
 * update, from 0. */
void sample_update(real *logits, const sample_space *space, const sample_options *o, const int *counts,
                   const double *worth, int number);

#endif
