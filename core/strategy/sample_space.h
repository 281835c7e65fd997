/* sample_space: distributions over allocations, for search by score functions (score.h). Families, over the sharing
 * groups that hold neither image nor output (the output has the highest option):
 *
 *   filter_multinomial  for each group how many of its channels have each precision
 *   layer_categorical   one option for each group
 *   net_multinomial     how many groups have each option, given out in the order of the groups
 *   layer_binomial      for each group how many channels are kept: 1 + Binomial(C - 1, p)
 *   block_binomial      the same number for all groups of the same width
 *
 * An option is a precision, or a part of the channels that is kept (widths). Which channels get less is a matter of
 * their rank. Pure. */
#ifndef CORE_STRATEGY_SAMPLE_SPACE_H
#define CORE_STRATEGY_SAMPLE_SPACE_H

#include "core/base/status.h"
#include "core/net/graph/allocation.h"
#include "core/strategy/score.h"

typedef enum { FILTER_MULTINOMIAL, LAYER_CATEGORICAL, NET_MULTINOMIAL, LAYER_BINOMIAL, BLOCK_BINOMIAL } sample_family;

typedef struct {
    sample_family family;
    int option_count; /* ascending in cost */
    int bits[SCORE_MOST_OPTIONS];
    double kept[SCORE_MOST_OPTIONS]; /* part of the channels; 1: all */
} sample_choice;

typedef struct {
    const graph *graph; /* borrowed */
    sample_choice choice;
    int group_count;
    int groups[GRAPH_MAX_LAYERS]; /* searched, in order */
    int factor_of[GRAPH_MAX_LAYERS];
    int factor_count;
    score_factor factors[GRAPH_MAX_LAYERS];
    int first[GRAPH_MAX_LAYERS]; /* of each factor's logits (and counts) */
    int logits;                  /* of all factors */
    int trials;                  /* likewise */
} sample_space;

void sample_space_make(sample_space *out, const graph *g, const sample_choice *choice);

/* counts[logits]: of a draw that is number (a, b) of a seed, or those that the probabilities stand for. */
void sample_space_draw(int *counts, const sample_space *s, const real *logits, uint64_t seed, uint32_t a, uint32_t b);
void sample_space_mode(int *counts, const sample_space *s, const real *logits);

/* The allocation of counts. rank[channels of all groups]: of a channel in its group, from 0; the lower, the less it
 * gets. Activations of *out stay. Every group keeps a channel. */
void sample_space_allocation(allocation *out, const sample_space *s, const int *counts, const int *rank);

/* The bits of one channel of searched group i. */
int sample_space_bits(const sample_space *s, const int *counts, int i, int rank);

/* Every searched group with this option. */
void sample_space_homogeneous(allocation *out, const sample_space *s, int option, const int *rank);

#endif
