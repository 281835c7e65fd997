/* bitops: multiply-accumulates times weight bits times activation bits (method.md 4.6). Range: any geometry. */
#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double bitops_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                           cost_slope *slope)
{
    (void)self;
    static const mac_table products = {{{4, 8, 16}, {8, 16, 32}, {16, 32, 64}}};
    return mac_table_layer(l, c, reference, slope, &products);
}

const cost_model cost_model_bitops = {.name = "bitops",
                                      .unit = "bit_operations",
                                      .description = "multiply-accumulates times weight bits times activation bits",
                                      .layer = bitops_layer};
