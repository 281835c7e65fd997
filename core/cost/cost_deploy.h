/* cost_deploy: what a network would cost where only 0, 2, 4 and 8 bit are at hand. Pure. */
#ifndef CORE_COST_COST_DEPLOY_H
#define CORE_COST_COST_DEPLOY_H

#include "core/cost/group_choice.h"
#include "core/net/graph/graph.h"

/* Raises every precision of weights and activations to the one that holds it (allocation_carrier).
 * groups[g->group_count + 1], in place. */
void cost_deploy_round(group_choice *groups, const graph *g);

#endif
