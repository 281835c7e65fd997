/* macs: multiply-accumulates of the kept channels whatever their precision (METHOD.md 4.4). Range: any geometry. */
#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double macs_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                         cost_slope *slope)
{
    (void)self;
    double by_in_kept, by_kept, operations = mac_count(l, c, reference, &by_in_kept, &by_kept);
    if (slope != NULL) *slope = (cost_slope){.in_kept = by_in_kept, .kept = by_kept};
    return operations;
}

const cost_model cost_model_macs = {.name = "macs",
                                    .unit = "operations",
                                    .description = "multiply-accumulates of the kept channels",
                                    .layer = macs_layer};
