/* cost_refine: moves channels of a discrete network to higher precisions where the hardware does not charge for it
 * (METHOD.md 4.7, last paragraph, on whole sharing groups). On tiled accelerators a few channels at a low precision
 * fill a tile of their own; together with the channels of a higher precision they may need none. */
#ifndef CORE_COST_COST_REFINE_H
#define CORE_COST_COST_REFINE_H

#include "core/cost/cost_total.h"

/* Changes the channels of one group so that the summed cost of its layers is the smallest that promotions can reach; of
 * equal costs the one with the fewest bits. allowed[w]: the precision is a candidate of this network. Pruned channels
 * stay pruned, none moves down, so the cost never rises. *saved (may be NULL): by how much it fell.
 *
 * For models that are a sum over the precisions once the kept channels are given, as all of hw_models are. */
MUST_CHECK status cost_refine_group(double *saved, const cost_model *model, const graph *g, group_choice *groups,
                                    int group, const bool allowed[COST_WEIGHT_BITS], bool reference);

/* Realises counts: chosen[c] (bits, 0 = pruned) is changed by promotions only until it holds
 * wanted[w] channels at precision w, which cost_refine_group has found for the present ones. Each precision keeps the
 * channels with its largest preference; of those that must move up it takes the ones with the largest preference for
 * the new precision. preference[w * channels + c]. Equal preferences: the lower channel stays. */
void cost_refine_assign(int *chosen, int channels, const double wanted[COST_WEIGHT_BITS], const double *preference);

#endif
