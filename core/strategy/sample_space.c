#include "core/strategy/sample_space.h"

#include <math.h>
#include <string.h>

#include "core/base/rng.h"

static bool is_searched(const graph *g, int group)
{
    if (g->groups[group].holds_image || g->groups[group].holds_output) return false;
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i]) && g->layers[i].group == group) return true;
    return false;
}

static bool is_binomial(sample_family family)
{
    return family == LAYER_BINOMIAL || family == BLOCK_BINOMIAL;
}

static score_factor factor_of_group(const sample_space *s, int group)
{
    const int channels = s->graph->groups[group].channels;
    switch (s->choice.family) {
    case FILTER_MULTINOMIAL:
        return (score_factor){.options = s->choice.option_count, .trials = channels};
    case LAYER_CATEGORICAL:
        return (score_factor){.options = s->choice.option_count, .trials = 1};
    case NET_MULTINOMIAL:
        return (score_factor){.options = s->choice.option_count, .trials = s->group_count};
    default:
        return (score_factor){.options = 1, .trials = channels - 1};
    }
}

/* An earlier group whose factor is this one's, too; -1: none. */
static int shared_with(const sample_space *s, int i)
{
    for (int k = 0; k < i; k++)
        if (s->choice.family == NET_MULTINOMIAL ||
            (s->choice.family == BLOCK_BINOMIAL &&
             s->graph->groups[s->groups[k]].channels == s->graph->groups[s->groups[i]].channels))
            return k;
    return -1;
}

void sample_space_make(sample_space *out, const graph *g, const sample_choice *choice)
{
    *out = (sample_space){.graph = g, .choice = *choice};
    for (int i = 0; i < g->group_count; i++)
        if (is_searched(g, i)) out->groups[out->group_count++] = i;
    for (int i = 0; i < out->group_count; i++) {
        const int earlier = shared_with(out, i);
        if (earlier >= 0) {
            out->factor_of[i] = out->factor_of[earlier];
            continue;
        }
        const score_factor f = factor_of_group(out, out->groups[i]);
        out->factor_of[i] = out->factor_count;
        out->first[out->factor_count] = out->logits;
        out->factors[out->factor_count++] = f;
        out->logits += f.options;
        out->trials += f.trials;
    }
}

typedef struct {
    uint64_t seed;
    uint32_t a, b;
    int before; /* trials of the factors before */
} stream;

static double uniform(void *ctx, int trial)
{
    const stream *s = ctx;
    const uint32_t at = (uint32_t)(s->before + trial);
    const rng_block block = rng_draw(s->seed, RNG_SAMPLE, s->a, s->b, at / 4);
    return (double)rng_uniform(block.word[at % 4]);
}

void sample_space_draw(int *counts, const sample_space *s, const real *logits, uint64_t seed, uint32_t a, uint32_t b)
{
    stream from = {.seed = seed, .a = a, .b = b};
    for (int f = 0; f < s->factor_count; f++) {
        double p[SCORE_MOST_OPTIONS];
        score_probabilities(p, logits + s->first[f], &s->factors[f]);
        score_draw(counts + s->first[f], p, &s->factors[f], uniform, &from);
        from.before += s->factors[f].trials;
    }
}

void sample_space_mode(int *counts, const sample_space *s, const real *logits)
{
    for (int f = 0; f < s->factor_count; f++) {
        double p[SCORE_MOST_OPTIONS];
        score_probabilities(p, logits + s->first[f], &s->factors[f]);
        score_mode(counts + s->first[f], p, &s->factors[f]);
    }
}

/* The channels of a group by rank: all below `from` pruned, the others at `bits`. */
static void keep(int8_t *out, const int *rank, int channels, int from, int bits)
{
    for (int c = 0; c < channels; c++) out[c] = (int8_t)(rank[c] < from ? 0 : bits);
}

static void give_option(int8_t *out, const sample_space *s, const int *rank, int channels, int option)
{
    const int kept = (int)floor(s->choice.kept[option] * channels + 1e-9);
    keep(out, rank, channels, channels - (kept > 1 ? kept : 1), s->choice.bits[option]);
}

/* The lowest ranks the first option, and so on; of a group that would vanish the highest rank stays. */
static void give_counts(int8_t *out, const sample_space *s, const int *rank, int channels, const int *counts)
{
    for (int c = 0; c < channels; c++) {
        int option = 0;
        for (int end = counts[0]; rank[c] >= end; end += counts[option]) option++;
        out[c] = (int8_t)s->choice.bits[option];
        if (out[c] == 0 && rank[c] == channels - 1) out[c] = (int8_t)s->choice.bits[1];
    }
}

void sample_space_allocation(allocation *out, const sample_space *s, const int *counts, const int *rank)
{
    const int highest = s->choice.bits[s->choice.option_count - 1];
    memset(out->weight_bits, highest, (size_t)out->first[s->graph->group_count]);
    int option = 0, left = s->choice.family == NET_MULTINOMIAL ? counts[0] : 0;
    for (int i = 0; i < s->group_count; i++) {
        const int group = s->groups[i], channels = s->graph->groups[group].channels;
        const int *own = counts + s->first[s->factor_of[i]], *ranks = rank + out->first[group];
        int8_t *bits = allocation_of_group(out, group);
        if (is_binomial(s->choice.family)) {
            keep(bits, ranks, channels, channels - 1 - own[0], highest);
        } else if (s->choice.family == FILTER_MULTINOMIAL) {
            give_counts(bits, s, ranks, channels, own);
        } else if (s->choice.family == LAYER_CATEGORICAL) {
            for (option = 0; own[option] == 0; option++) {
            }
            give_option(bits, s, ranks, channels, option);
        } else {
            while (left == 0) left = own[++option];
            left--;
            give_option(bits, s, ranks, channels, option);
        }
    }
}

void sample_space_homogeneous(allocation *out, const sample_space *s, int option, const int *rank)
{
    memset(out->weight_bits, s->choice.bits[s->choice.option_count - 1], (size_t)out->first[s->graph->group_count]);
    for (int i = 0; i < s->group_count; i++)
        give_option(allocation_of_group(out, s->groups[i]), s, rank + out->first[s->groups[i]],
                    s->graph->groups[s->groups[i]].channels, option);
}
