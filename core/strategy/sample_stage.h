/* sample_stage: search by score functions with shared weights. Every epoch begins with updates of the logits: networks
 * are drawn, each is evaluated on the validation split with the weights of the moment, and the losses move the
 * logits (score.h); then the weights are trained, a fresh draw for each batch. The network of an epoch is what the
 * probabilities stand for. */
#ifndef CORE_STRATEGY_SAMPLE_STAGE_H
#define CORE_STRATEGY_SAMPLE_STAGE_H

#include "core/strategy/sample_space.h"
#include "core/train/stage.h"

enum { SAMPLE_MOST = 64, SAMPLE_MOST_WIDTHS = 8 };

/* The keys of entries of the strategies sample and widths, in sweep_entry.options. */
typedef struct {
    int family, order, objective, baseline;
    int samples, updates, draws;
    double rate, rate_decay, clip, base, leak;
    int width_count; /* widths only */
    double widths[SAMPLE_MOST_WIDTHS];
    int bits; /* widths only */
} sample_options;

static inline const sample_options *sample_options_of(const sweep_entry *e)
{
    return (const sample_options *)(const void *)e->options;
}

typedef enum { ORDER_MAGNITUDE, ORDER_INDEX } sample_order;

/* The space of an entry: its widths, or its precisions (none: the usual 2, 4, 8). */
void sample_space_of_entry(sample_space *out, const graph *g, const sweep_entry *e);

/* Keeps, as state, the logits of the end, then those of every epoch, then the ranks of all channels in their groups
 * from the last epoch's start, which say who gets less. */
extern const stage sample_stage;

/* Writes the network of a draw from these logits into the choices of t->values: number 0 is what they stand for. */
MUST_CHECK status sample_write_draw(trainer *t, const real *logits, int number);

#endif
