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

/* The channels that an option keeps of a group: at least one. */
static int kept_by(const sample_space *s, int option, int channels)
{
    const int kept = (int)floor(s->choice.kept[option] * channels + 1e-9);
    return kept > 1 ? kept : 1;
}

/* The option of searched group i, of the families that give one to a whole group. */
static int option_of_group(const sample_space *s, const int *counts, int i)
{
    const int *own = counts + s->first[s->factor_of[i]];
    const int number = s->choice.family == NET_MULTINOMIAL ? i : 0;
    int option = 0;
    for (int end = own[0]; number >= end; end += own[option]) option++;
    return option;
}

/* The lowest ranks the first option, and so on; of a group that would vanish the highest rank stays. */
static int bits_by_counts(const sample_space *s, const int *counts, int rank, int channels)
{
    int option = 0;
    for (int end = counts[0]; rank >= end; end += counts[option]) option++;
    const int bits = s->choice.bits[option];
    return bits == 0 && rank == channels - 1 ? s->choice.bits[1] : bits;
}

int sample_space_bits(const sample_space *s, const int *counts, int i, int rank)
{
    const int channels = s->graph->groups[s->groups[i]].channels;
    const int *own = counts + s->first[s->factor_of[i]];
    if (s->choice.family == FILTER_MULTINOMIAL) return bits_by_counts(s, own, rank, channels);
    if (s->choice.family == LAYER_BINOMIAL || s->choice.family == BLOCK_BINOMIAL)
        return rank < channels - 1 - own[0] ? 0 : s->choice.bits[s->choice.option_count - 1];
    const int option = option_of_group(s, counts, i);
    return rank < channels - kept_by(s, option, channels) ? 0 : s->choice.bits[option];
}

/* All groups that are not searched: the highest option. */
static void fill_rest(allocation *out, const sample_space *s)
{
    memset(out->weight_bits, s->choice.bits[s->choice.option_count - 1], (size_t)out->first[s->graph->group_count]);
}

void sample_space_allocation(allocation *out, const sample_space *s, const int *counts, const int *rank)
{
    fill_rest(out, s);
    for (int i = 0; i < s->group_count; i++)
        for (int c = out->first[s->groups[i]]; c < out->first[s->groups[i] + 1]; c++)
            out->weight_bits[c] = (int8_t)sample_space_bits(s, counts, i, rank[c]);
}

void sample_space_homogeneous(allocation *out, const sample_space *s, int option, const int *rank)
{
    fill_rest(out, s);
    for (int i = 0; i < s->group_count; i++) {
        const int group = s->groups[i], channels = s->graph->groups[group].channels;
        const int from = channels - kept_by(s, option, channels);
        for (int c = out->first[group]; c < out->first[group + 1]; c++)
            out->weight_bits[c] = (int8_t)(rank[c] < from ? 0 : s->choice.bits[option]);
    }
}
