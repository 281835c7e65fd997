/* sample_draws: networks that are drawn from logits, as allocations and in the choices of a trainer. */
#ifndef CORE_STRATEGY_SAMPLE_DRAWS_H
#define CORE_STRATEGY_SAMPLE_DRAWS_H

#include "core/strategy/sample_options.h"
#include "core/train/trainer_state.h"

typedef struct {
    double worth;
    int channel;
} sample_ranked;

/* What draws of a trainer's task need. */
typedef struct {
    trainer *t; /* borrowed */
    const sample_options *options;
    sample_space space;
    allocation at;
    int *rank; /* of every channel in its group, the lower the less it gets: from the weights of the moment; owned */
    sample_ranked *room;
    double full; /* cost that r = 1 means */
} sample_draws;

MUST_CHECK status sample_draws_open(sample_draws *d, trainer *t);
void sample_draws_close(sample_draws *d);

/* The network of counts, and its cost; d->at is written into t->values. */
void sample_draws_write(sample_draws *d, const int *counts);
void sample_draws_write_homogeneous(sample_draws *d, int option);
double sample_draws_cost(const sample_draws *d);

/* counts[space.logits] of point `number` of a search: 0 is what the probabilities stand for, the others are draws. */
void sample_draws_point(int *counts, const sample_draws *d, const real *logits, int number);

#endif
