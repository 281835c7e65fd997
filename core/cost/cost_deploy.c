#include "core/cost/cost_deploy.h"

#include "core/net/graph/allocation.h"

static void raise_bits(double *at, int count)
{
    for (int bits = 0; bits < count; bits++) {
        const int carrier = allocation_carrier(bits);
        if (carrier == bits) continue;
        at[carrier] += at[bits];
        at[bits] = 0;
    }
}

void cost_deploy_round(group_choice *groups, const graph *g)
{
    for (int i = 0; i <= g->group_count; i++) {
        raise_bits(groups[i].channels, COST_WEIGHT_BITS);
        raise_bits(groups[i].activation, COST_ACTIVATION_BITS);
    }
}
