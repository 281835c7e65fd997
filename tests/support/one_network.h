/* one_network: a sweep of one network that is known by its identity alone, for tests of plans. */
#ifndef TESTS_SUPPORT_ONE_NETWORK_H
#define TESTS_SUPPORT_ONE_NETWORK_H

#include "core/cost/cost_model.h"
#include "core/strategy/networks.h"

/* For plans whose entries have no targets. */
static const cost_model *const no_cost_models[] = {NULL};

/* Borrows the identity and the settings' width. A convolution reads the image, for those who ask for one. */
static inline sweep_networks one_network(identity_network *identity, settings *s)
{
    static layer_spec layers[] = {{.kind = LAYER_IMAGE}, {.kind = LAYER_CONV, .input_count = 1, .batchnorm = true}};
    static graph plain = {.layer_count = 2, .layers = layers};
    static int file = 0;
    return (sweep_networks){.count = 1, .graphs = &plain, .identities = identity, .files = &file, .widths = &s->width};
}

#endif
