/* A cost model for test_added.c: windows of the kept channels, whatever they read. */
#include "core/cost/cost_model.h"

static double added_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                          cost_slope *slope)
{
    (void)self;
    (void)reference;
    const double window = (double)l->kernel_h * l->kernel_w;
    if (slope != NULL) *slope = (cost_slope){.kept = window};
    return c->kept * window;
}

const cost_model cost_model_added = {
    .name = "added", .unit = "windows", .description = "of a test", .layer = added_layer};
