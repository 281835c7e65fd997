/* sample_options: the keys of entries of the strategies sample and widths, in sweep_entry.options. */
#ifndef CORE_STRATEGY_SAMPLE_OPTIONS_H
#define CORE_STRATEGY_SAMPLE_OPTIONS_H

#include "core/config/settings.h"
#include "core/strategy/sample_space.h"

enum { SAMPLE_MOST = 64, SAMPLE_MOST_WIDTHS = 8 };

/* How a draw is judged: with the weights that all draws share (sample_stage.h), or after a training of its own
 * (sample_probe.h). */
typedef enum { EVALUATE_SHARED, EVALUATE_TRAINED } sample_evaluate;
typedef enum { ORDER_MAGNITUDE, ORDER_INDEX } sample_order;

typedef struct {
    int family, order, objective, baseline, evaluate;
    int samples, updates, draws;
    int rounds, probe_epochs; /* of EVALUATE_TRAINED */
    double rate, rate_decay, clip, base, leak;
    int width_count; /* widths only */
    double widths[SAMPLE_MOST_WIDTHS];
    int bits; /* widths only */
} sample_options;

static inline const sample_options *sample_options_of(const sweep_entry *e)
{
    return (const sample_options *)(const void *)e->options;
}

/* The space of an entry: its widths, or its precisions (none: the usual 2, 4, 8). */
void sample_space_of_entry(sample_space *out, const graph *g, const sweep_entry *e);

/* logits[space->logits] before the first update: an option of 8 bit is half as probable as each other one. */
void sample_first_logits(real *logits, const sample_space *space, const sample_options *o);

#endif
