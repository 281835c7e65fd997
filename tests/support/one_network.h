/* one_network: a sweep of one network that is known by its identity alone, for tests of plans. */
#ifndef TESTS_SUPPORT_ONE_NETWORK_H
#define TESTS_SUPPORT_ONE_NETWORK_H

#include "core/cost/cost_model.h"
#include "core/strategy/networks.h"

/* For plans whose entries have no targets. */
static const cost_model *const no_cost_models[] = {NULL};

/* Borrows the identity and the settings' width. */
static inline sweep_networks one_network(identity_network *identity, settings *s)
{
    static graph none;
    static int file = 0;
    return (sweep_networks){.count = 1, .graphs = &none, .identities = identity, .files = &file, .widths = &s->width};
}

#endif
