#include "core/cost/cost_budget_groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_PARTS = 16,      /* of a group, that move at once */
    MOST_DIVISIONS = 500, /* of a group's channels among the candidates, that are tried */
    MOST_ROUNDS = 8,      /* over all groups for one lambda */
    MOST_RAISES = 60,
    BISECTIONS = 40
};

/* How many channels of a group have each candidate, and which candidate its activations have. */
typedef struct {
    int channels[COST_WEIGHT_BITS];
    int activation;
} division;

typedef struct {
    walk *w;
    const double *loss;
    turn *pruned; /* (channels) of one group: in the order in which they are pruned */
    turn *rest;   /* (channels) of one group: what is left, by loss at the lowest precision */
    double *sums; /* [candidate][channels + 1]: losses of the first of `rest` */
    allocation kept;
} groups_search;

/* One group at one lambda. */
typedef struct {
    groups_search *s;
    int group, first, count, lowest, step; /* first channel, channels, first candidate, channels that move at once */
    double lambda, least;
    division now, best;
} group_search;

static double loss_of(const groups_search *s, int candidate, int channel)
{
    return s->loss[(size_t)candidate * (size_t)s->w->channels + (size_t)channel];
}

static double activation_loss_of(const groups_search *s, int candidate, int group)
{
    return s->w->budget->activations->loss[candidate * s->w->graph->group_count + group];
}

/* Of the layers that a group's choice reaches; of models of memory that of the network. */
static double cost_around(const walk *w, int group)
{
    if (w->attached.per_live_bit > 0) return walk_value_now(w);
    double sum = 0;
    for (int i = 0; i < w->graph->layer_count; i++) {
        const layer_spec *l = &w->graph->layers[i];
        if (!layer_has_weights(l) || (l->group != group && cost_input_entry(w->graph, i) != group)) continue;
        sum += cost_of_layer(&w->attached, w->graph, i, w->groups, false, NULL);
    }
    return sum;
}

static void write_counts(const group_search *g, const division *d)
{
    const cost_budget *b = g->s->w->budget;
    group_choice *choice = &g->s->w->groups[g->group];
    memset(choice->channels, 0, sizeof choice->channels);
    for (int p = 0; p < b->candidate_count; p++) choice->channels[b->candidates[p]] = d->channels[p];
    if (b->activations == NULL) return;
    memset(choice->activation, 0, sizeof choice->activation);
    choice->activation[b->activations->candidates[d->activation]] = 1;
}

/* g->now, whose channels' loss is known, with each candidate of the activations. */
static void weigh(group_search *g, double loss)
{
    const cost_budget *b = g->s->w->budget;
    const int candidates = b->activations == NULL ? 1 : b->activations->candidate_count;
    for (int a = candidates - 1; a >= 0; a--) { /* of equal ones the highest */
        g->now.activation = a;
        write_counts(g, &g->now);
        double sum = loss + g->lambda * cost_around(g->s->w, g->group);
        if (b->activations != NULL) sum += activation_loss_of(g->s, a, g->group);
        if (!(sum < g->least)) continue;
        g->least = sum;
        g->best = g->now;
    }
}

/* All ways to give what is left behind `begin` of the rest to the candidates from `candidate` on. */
static void divide(group_search *g, int candidate, int begin, int rest, double loss)
{
    const double *sums = g->s->sums + (size_t)candidate * ((size_t)g->s->w->channels + 1);
    if (candidate + 1 == g->s->w->budget->candidate_count) {
        g->now.channels[candidate] = rest - begin;
        weigh(g, loss + sums[rest] - sums[begin]);
        return;
    }
    for (int end = begin; end <= rest; end = end < rest && end + g->step > rest ? rest : end + g->step) {
        g->now.channels[candidate] = end - begin;
        divide(g, candidate + 1, end, rest, loss + sums[end] - sums[begin]);
    }
}

/* Fills s->rest and its sums with what is left when the first `pruned` are. */
static void sum_rest(const group_search *g, int pruned, int lowest)
{
    groups_search *s = g->s;
    const int left = g->count - pruned;
    for (int i = 0; i < left; i++) {
        const int channel = s->pruned[pruned + i].place;
        s->rest[i] = (turn){.place = channel, .order = loss_of(s, lowest, channel)};
    }
    qsort(s->rest, (size_t)left, sizeof *s->rest, turn_by_order);
    for (int p = lowest; p < s->w->budget->candidate_count; p++) {
        double *sums = s->sums + (size_t)p * ((size_t)s->w->channels + 1);
        sums[0] = 0;
        for (int i = 0; i < left; i++) sums[i + 1] = sums[i] + loss_of(s, p, s->rest[i].place);
    }
}

static void order_pruned(const group_search *g)
{
    groups_search *s = g->s;
    for (int i = 0; i < g->count; i++)
        s->pruned[i] = (turn){.place = g->first + i, .order = loss_of(s, 0, g->first + i)};
    qsort(s->pruned, (size_t)g->count, sizeof *s->pruned, turn_by_order);
}

static bool may_prune(const group_search *g)
{
    return g->s->w->budget->candidates[g->lowest] == 0;
}

/* The best division of the group beside the others. */
static void search_group(group_search *g)
{
    const cost_budget *b = g->s->w->budget;
    order_pruned(g);
    memset(&g->now, 0, sizeof g->now);
    const int lowest = g->lowest + (may_prune(g) ? 1 : 0);
    const int most = !may_prune(g) || lowest == b->candidate_count ? 0 : g->count - (b->keep_alive ? 1 : 0);
    double sum = 0;
    for (int pruned = 0, next; pruned <= most; pruned = next) {
        next = pruned < most && pruned + g->step > most ? most : pruned + g->step;
        sum_rest(g, pruned, lowest);
        if (may_prune(g)) g->now.channels[g->lowest] = pruned;
        divide(g, lowest, 0, g->count - pruned, b->together ? sum * sum : sum);
        for (int i = pruned; i < next && next <= most; i++) {
            const double loss = loss_of(g->s, 0, g->s->pruned[i].place);
            sum += b->together ? sqrt(fmax(loss, 0)) : loss;
        }
    }
}

/* The channels take what the division says; the group's counts, too. */
static void realise(group_search *g)
{
    const walk *w = g->s->w;
    const cost_budget *b = w->budget;
    const int pruned = may_prune(g) ? g->best.channels[g->lowest] : 0;
    const int lowest = g->lowest + (may_prune(g) ? 1 : 0);
    for (int i = 0; i < pruned; i++) walk_set(w, g->s->pruned[i].place, 0);
    sum_rest(g, pruned, lowest);
    int at = 0;
    for (int p = lowest; p < b->candidate_count; p++)
        for (int i = 0; i < g->best.channels[p]; i++) walk_set(w, g->s->rest[at++].place, b->candidates[p]);
    if (b->activations != NULL) walk_set(w, w->channels + g->group, b->activations->candidates[g->best.activation]);
    write_counts(g, &g->best);
}

/* The number of ways to divide `parts` among `candidates`. */
static double divisions(int parts, int candidates)
{
    double ways = 1;
    for (int i = 1; i < candidates; i++) ways = ways * (parts + i) / i;
    return ways;
}

static int step_of(const group_search *g)
{
    const cost_budget *b = g->s->w->budget;
    if (b->whole_groups) return g->count;
    int parts = g->count < MOST_PARTS ? g->count : MOST_PARTS;
    while (parts > 1 && divisions(parts, b->candidate_count) > MOST_DIVISIONS) parts--;
    return (g->count + parts - 1) / parts;
}

static double try_lambda(groups_search *s, double lambda)
{
    walk *w = s->w;
    for (int i = 0; i < w->places; i++) walk_set(w, i, walk_candidates(w, i)[walk_candidate_count(w, i) - 1]);
    double before = INFINITY, after = walk_value(w);
    for (int round = 0; round < MOST_ROUNDS && after != before; round++) {
        for (int group = 0; group < w->graph->group_count; group++) {
            group_search g = {.s = s,
                              .group = group,
                              .first = w->at->first[group],
                              .count = w->at->first[group + 1] - w->at->first[group],
                              .lambda = lambda,
                              .least = INFINITY};
            if (g.count == 0) continue;
            g.lowest = walk_first_candidate(w, g.first);
            g.step = step_of(&g);
            search_group(&g);
            realise(&g);
        }
        before = after;
        after = walk_value_now(w);
    }
    return walk_value(w);
}

/* A lambda to begin with: a millionth of that at which the whole budget weighs as much as the largest loss. */
static double first_lambda(const groups_search *s)
{
    const walk *w = s->w;
    double scale = 0;
    for (size_t i = 0; i < (size_t)w->budget->candidate_count * (size_t)w->channels; i++)
        scale = fmax(scale, fabs(s->loss[i]));
    return scale > 0 ? 1e-6 * scale / fmax(w->budget->target, 1e-300) : 1;
}

static bool bisect(groups_search *s)
{
    const double target = s->w->budget->target;
    double low = 0, high = first_lambda(s);
    int raises = 0;
    while (try_lambda(s, high) > target) {
        if (raises++ == MOST_RAISES) return false;
        low = high;
        high *= 4;
    }
    walk_copy(&s->kept, s->w->at);
    for (int i = 0; i < BISECTIONS && high - low > 1e-6 * high; i++) {
        const double middle = low + (high - low) / 2;
        if (try_lambda(s, middle) > target) {
            low = middle;
        } else {
            high = middle;
            walk_copy(&s->kept, s->w->at);
        }
    }
    walk_copy(s->w->at, &s->kept);
    return true;
}

status cost_budget_groups(bool *met, walk *w, const double *loss)
{
    const size_t channels = (size_t)w->channels + 1;
    groups_search s = {.w = w,
                       .loss = loss,
                       .pruned = calloc(channels, sizeof *s.pruned),
                       .rest = calloc(channels, sizeof *s.rest),
                       .sums = calloc((size_t)w->budget->candidate_count * channels, sizeof *s.sums)};
    status result = s.pruned != NULL && s.rest != NULL && s.sums != NULL ? allocation_new(&s.kept, w->graph)
                                                                         : walk_no_memory(w->graph);
    if (!failed(result)) *met = bisect(&s);
    free(s.pruned);
    free(s.rest);
    free(s.sums);
    allocation_free(&s.kept);
    return result;
}
