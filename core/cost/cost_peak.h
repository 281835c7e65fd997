/* cost_peak: memory of activations: the costs that are not the sum of the layers but the largest of the steps.
 *
 * A step is a node of the graph, in execution order. A tensor lives from the step that writes it to the last one that
 * reads it; dropout and flatten hand on the tensor of their input. A tensor of P pixels in a group with `kept` channels
 * at expected precision a has P kept a bits; logits have 32 bit a number. */
#ifndef CORE_COST_COST_PEAK_H
#define CORE_COST_COST_PEAK_H

#include "core/cost/group_choice.h"
#include "core/net/graph/graph.h"

/* Bits of all tensors that live while node `index` runs. */
double cost_live_bits(const graph *g, int index, const group_choice *groups);

/* model->per_live_bit times the largest of all steps; of equal ones the first counts. slope (may be NULL) is
 * overwritten with the derivatives of that step. */
double cost_peak(const cost_model *model, const graph *g, const group_choice *groups, group_choice *slope);

#endif
