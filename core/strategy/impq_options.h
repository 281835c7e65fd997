/* impq_options: the keys of an entry of strategy impq. */
#ifndef CORE_STRATEGY_IMPQ_OPTIONS_H
#define CORE_STRATEGY_IMPQ_OPTIONS_H

#include "core/config/settings.h"

typedef enum { IMPQ_KERNEL, IMPQ_LAYER, IMPQ_NETWORK } impq_granularity;
typedef enum { IMPQ_ERROR, IMPQ_BOUND, IMPQ_RELEASED } impq_metric;
typedef enum { IMPQ_HARM_PER_COST, IMPQ_HARM } impq_rank;
typedef enum { IMPQ_WEIGHTS, IMPQ_ACTIVATIONS, IMPQ_SEQUENCE, IMPQ_TOGETHER } impq_lower;
enum { IMPQ_MOST_LEGS = 64 };

typedef struct {
    int granularity, activation_granularity; /* impq_granularity; activations: layer or network */
    int metric, rank, lower;
    int steps;
    int fraction_count;
    double fractions[IMPQ_MOST_LEGS / 2];
    int exact; /* 0: signs, 1 */
    int repeats, samples, runners_up;
    double gap_percentile;
} impq_options;

static inline const impq_options *impq_options_of(const sweep_entry *e)
{
    return (const impq_options *)(const void *)e->options;
}

#endif
