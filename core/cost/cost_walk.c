#include "core/cost/cost_walk.h"

#include <stdlib.h>
#include <string.h>

status walk_no_memory(const graph *g)
{
    return status_fail(STATUS_MEMORY, "no memory for the precisions of %s", g->name);
}

void walk_close(walk *w)
{
    free(w->groups);
    free(w->slopes);
    free(w->group_of);
}

status walk_open(walk *out, allocation *at, const cost_budget *b)
{
    const graph *g = at->graph;
    const size_t entries = (size_t)g->group_count + 1;
    walk w = {.budget = b, .graph = g, .at = at, .attached = *b->model, .channels = at->first[g->group_count]};
    w.attached.in_kept_detached = false;
    w.groups = calloc(entries, sizeof *w.groups);
    w.slopes = calloc(entries, sizeof *w.slopes);
    w.group_of = calloc((size_t)w.channels + 1, sizeof *w.group_of);
    if (w.groups == NULL || w.slopes == NULL || w.group_of == NULL) {
        walk_close(&w);
        return walk_no_memory(g);
    }
    for (int i = 0; i < g->group_count; i++)
        for (int c = at->first[i]; c < at->first[i + 1]; c++) w.group_of[c] = i;
    memcpy(at->activation_bits, b->activation_bits, entries);
    w.places = w.channels + (b->activations != NULL ? g->group_count : 0);
    *out = w;
    return status_ok();
}

double walk_value(walk *w)
{
    cost_of_allocation(w->groups, w->at);
    return cost_total(&w->attached, w->graph, w->groups, false, NULL);
}

int walk_bits(const walk *w, int place)
{
    return walk_is_channel(w, place) ? w->at->weight_bits[place] : w->at->activation_bits[place - w->channels];
}

void walk_set(const walk *w, int place, int bits)
{
    if (walk_is_channel(w, place))
        w->at->weight_bits[place] = (int8_t)bits;
    else
        w->at->activation_bits[place - w->channels] = (int8_t)bits;
}

void walk_move(walk *w, int place, int bits)
{
    const bool channel = walk_is_channel(w, place);
    double *counts = channel ? w->groups[w->group_of[place]].channels : w->groups[place - w->channels].activation;
    counts[walk_bits(w, place)] -= 1;
    counts[bits] += 1;
    walk_set(w, place, bits);
}

void walk_copy(allocation *to, const allocation *from)
{
    const graph *g = from->graph;
    memcpy(to->weight_bits, from->weight_bits, (size_t)from->first[g->group_count]);
    memcpy(to->activation_bits, from->activation_bits, (size_t)g->group_count + 1);
}

double walk_value_now(const walk *w)
{
    return cost_total(&w->attached, w->graph, w->groups, false, NULL);
}

const int *walk_candidates(const walk *w, int place)
{
    return walk_is_channel(w, place) ? w->budget->candidates : w->budget->activations->candidates;
}

int walk_candidate_count(const walk *w, int place)
{
    return walk_is_channel(w, place) ? w->budget->candidate_count : w->budget->activations->candidate_count;
}

int walk_first_candidate(const walk *w, int place)
{
    if (!walk_is_channel(w, place)) return 0;
    const sharing_group *group = &w->graph->groups[w->group_of[place]];
    const bool prunable = !group->holds_output && !group->holds_image && !w->budget->whole_groups;
    return w->budget->candidates[0] == 0 && !prunable ? 1 : 0;
}

bool walk_is_last_alive(const walk *w, int channel)
{
    const int group = w->group_of[channel];
    const double kept = w->graph->groups[group].channels - w->groups[group].channels[0];
    return w->budget->keep_alive && kept <= 1 && w->at->weight_bits[channel] != 0;
}

int walk_candidate(const walk *w, int place)
{
    const int *candidates = walk_candidates(w, place), now = walk_bits(w, place);
    int i = 0;
    while (candidates[i] != now) i++;
    return i;
}

void walk_set_least(walk *w)
{
    for (int i = 0; i < w->places; i++) walk_set(w, i, walk_candidates(w, i)[walk_first_candidate(w, i)]);
    for (int i = 0; i < w->graph->group_count && w->budget->keep_alive && w->budget->candidate_count > 1; i++) {
        int8_t *bits = &w->at->weight_bits[w->at->first[i]];
        if (bits[0] == 0) bits[0] = (int8_t)w->budget->candidates[1];
    }
}

status walk_cannot_meet(const cost_budget *b, double reached)
{
    return status_fail(STATUS_NUMERIC,
                       "the budget of %.6g %s of %s cannot be met: the network reaches %.6g at the least", b->target,
                       b->model->unit, b->model->name, reached);
}

void walk_revive(walk *w, const double *worth)
{
    const cost_budget *b = w->budget;
    if (!b->keep_alive || b->candidates[0] != 0 || b->candidate_count < 2) return;
    for (int i = 0; i < w->graph->group_count; i++) {
        int dearest = w->at->first[i];
        bool alive = false;
        for (int c = w->at->first[i]; c < w->at->first[i + 1]; c++) {
            alive = alive || w->at->weight_bits[c] != 0;
            if (worth[c] > worth[dearest]) dearest = c;
        }
        if (!alive && w->at->first[i] < w->at->first[i + 1]) w->at->weight_bits[dearest] = (int8_t)b->candidates[1];
    }
}

int turn_by_order(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return x->place - y->place;
}
