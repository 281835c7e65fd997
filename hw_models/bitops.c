/* bitops: multiply-accumulates times weight bits times activation bits (METHOD.md 4.6). Range: any geometry. */
#include <stddef.h>

#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double product(const void *table, int activation_bits, int weight_bits)
{
    (void)table;
    return (double)activation_bits * weight_bits;
}

static double bitops_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                           cost_slope *slope)
{
    (void)self;
    return mac_table_layer(l, c, reference, slope, product, NULL);
}

const cost_model cost_model_bitops = {.name = "bitops",
                                      .unit = "bit_operations",
                                      .description = "multiply-accumulates times weight bits times activation bits",
                                      .layer = bitops_layer};
