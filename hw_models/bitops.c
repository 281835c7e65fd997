/* bitops: multiply-accumulates times weight bits times activation bits (method.md 4.6). Range: any geometry. */
#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double bitops_layer(const cost_layer *l, const cost_choice *c, cost_slope *slope)
{
    static const double products[COST_ACTIVATION_PRECISIONS][COST_ACTIVATION_PRECISIONS] = {
        {4, 8, 16}, {8, 16, 32}, {16, 32, 64}};
    return mac_table_layer(l, c, slope, products);
}

const cost_model cost_model_bitops = {.name = "bitops",
                                      .unit = "bit_operations",
                                      .description = "multiply-accumulates times weight bits times activation bits",
                                      .layer = bitops_layer};
