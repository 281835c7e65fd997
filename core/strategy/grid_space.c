#include "core/strategy/grid_space.h"

#include <string.h>

#include "core/base/rng.h"

enum { DRAW_TURN, DRAW_FRACTIONS, DRAW_CHANNELS };

/* What a group chooses from. */
static precision_choice choice_of_group(const grid_space *s, int group)
{
    precision_choice out = s->choice;
    const sharing_group *g = &s->graph->groups[group];
    if ((!g->holds_output && !g->holds_image) || out.bits[0] != 0) return out;
    out.count--;
    memmove(out.bits, out.bits + 1, (size_t)out.count * sizeof out.bits[0]);
    return out;
}

/* How many ways there are to write `units` as a sum of `parts` numbers; above the limit: the limit + 1. */
static int64_t ways(int units, int parts)
{
    int64_t out = 1; /* binomial(units + k, k) for k = 1, 2, ... */
    for (int k = 1; k < parts; k++) {
        out = out * (units + k) / k;
        if (out > GRID_MOST_COMPOSITIONS) return GRID_MOST_COMPOSITIONS + 1;
    }
    return parts > 0 ? out : 0;
}

static int64_t ways_of_group(const grid_space *s, int group)
{
    return ways(s->graph->groups[group].channels / s->step, choice_of_group(s, group).count);
}

status grid_space_count(int *count, const grid_space *s)
{
    int64_t all = 1;
    *count = GRID_MOST_TRIES;
    if (s->group_count == 0) return status_ok();
    for (int i = 0; i < s->group_count; i++) {
        const int channels = s->graph->groups[s->groups[i]].channels;
        if (channels % s->step != 0)
            return status_fail(STATUS_CONFIG, "step is %d, but a group of layers[%d] has %d channels: take a divisor",
                               s->step, i, channels);
        all *= ways_of_group(s, s->groups[i]);
        if (all > GRID_MOST_COMPOSITIONS)
            return status_fail(STATUS_CONFIG, "layers have more than %d compositions in steps of %d: raise the step",
                               GRID_MOST_COMPOSITIONS, s->step);
    }
    *count = (int)all;
    return status_ok();
}

/* Composition `number` of a group, in lexicographic order of how many units the first precisions have. */
static void compose(int8_t *bits, const grid_space *s, int group, int64_t number)
{
    const precision_choice choice = choice_of_group(s, group);
    int units = s->graph->groups[group].channels / s->step;
    for (int p = 0; p < choice.count; p++) {
        int here = 0;
        if (p + 1 == choice.count) here = units;
        while (p + 1 < choice.count && number >= ways(units - here, choice.count - p - 1))
            number -= ways(units - here++, choice.count - p - 1);
        memset(bits, choice.bits[p], (size_t)(here * s->step));
        bits += here * s->step;
        units -= here;
    }
}

static double uniform_of(int number, uint32_t what, uint32_t which)
{
    const rng_block block = rng_draw(0, RNG_GRID, (uint32_t)number, what, which / 4);
    return (double)rng_uniform(block.word[which % 4]);
}

/* ends[p]: the sum of the fractions up to precision p; the last is 1. */
static void draw_fractions(double ends[MAX_PRECISIONS], int count, int number, int group)
{
    for (int p = 0; p + 1 < count; p++) {
        const double x = uniform_of(number, DRAW_FRACTIONS, (uint32_t)(group * MAX_PRECISIONS + p));
        int at = p;
        for (; at > 0 && ends[at - 1] > x; at--) ends[at] = ends[at - 1];
        ends[at] = x;
    }
    ends[count - 1] = 1;
}

static void draw_group(const allocation *out, const grid_space *s, int group, int number)
{
    const precision_choice choice = choice_of_group(s, group);
    double ends[MAX_PRECISIONS];
    draw_fractions(ends, choice.count, number, group);
    for (int c = 0; c < s->graph->groups[group].channels; c++) {
        const double x = uniform_of(number, DRAW_CHANNELS, (uint32_t)(out->first[group] + c));
        int p = 0;
        while (x >= ends[p]) p++;
        allocation_of_group(out, group)[c] = (int8_t)choice.bits[p];
    }
}

static bool has_weights(const graph *g, int group)
{
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i]) && g->layers[i].group == group) return true;
    return false;
}

static bool is_one_of_its_own(const allocation *a)
{
    const graph *g = a->graph;
    int seen = -1;
    bool mixed = false;
    for (int i = 0; i < g->group_count; i++) {
        bool alive = !has_weights(g, i);
        for (int c = 0; c < g->groups[i].channels && has_weights(g, i); c++) {
            const int bits = allocation_of_group(a, i)[c];
            alive = alive || bits > 0;
            mixed = mixed || (seen >= 0 && bits != seen);
            seen = bits;
        }
        if (!alive) return false;
    }
    return mixed;
}

bool grid_space_allocation(allocation *out, const grid_space *s, int number)
{
    memset(out->weight_bits, s->base_bits, (size_t)out->first[s->graph->group_count]);
    int64_t rest = number;
    for (int i = s->group_count - 1; i >= 0; i--) {
        const int64_t all = ways_of_group(s, s->groups[i]);
        compose(allocation_of_group(out, s->groups[i]), s, s->groups[i], rest % all);
        rest /= all;
    }
    for (int i = 0; i < s->graph->group_count && s->group_count == 0; i++) draw_group(out, s, i, number);
    return is_one_of_its_own(out);
}

uint32_t grid_space_turn(int number)
{
    return rng_draw(0, RNG_GRID, (uint32_t)number, DRAW_TURN, 0).word[0];
}
