/* cost_total: the cost of a network as the sum of its layers (memory of activations: cost_peak.h), and its gradient to
 * the choices of the sharing groups. */
#ifndef CORE_COST_COST_TOTAL_H
#define CORE_COST_COST_TOTAL_H

#include "core/cost/cost_model.h"
#include "core/cost/group_choice.h"
#include "core/net/graph/allocation.h"

/* groups[g->group_count + 1]: one entry a sharing group; the last holds the input quantiser's activation probabilities.
 * reference: in the published implementation's convention (cost_model.h). Returns the cost in the model's unit. slope
 * (same length, may be NULL) is overwritten. */
double cost_total(const cost_model *model, const graph *g, const group_choice *groups, bool reference,
                  group_choice *slope);

/* What the model reads of one layer with weights: geometry and choices; cost of layer `index` alone (slope may be
 * NULL, and is for models of memory). */
cost_layer cost_layer_of(const layer_spec *l);
cost_choice cost_choice_of(const graph *g, int index, const group_choice *groups);
double cost_of_layer(const cost_model *model, const graph *g, int index, const group_choice *groups, bool reference,
                     cost_slope *slope);

/* Entry of `groups` whose activations are the input of layer `index`: a group, or the last entry for the network input.
 */
int cost_input_entry(const graph *g, int index);

/* Fills groups with every channel at `weight_bits` and every activation at `activation_bits`. */
void cost_uniform(group_choice *groups, const graph *g, int weight_bits, int activation_bits);

/* The same for an allocation. */
void cost_of_allocation(group_choice *groups, const allocation *a);

#endif
