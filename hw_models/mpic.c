/* mpic: cycles on the MPIC processor from its measured throughput (method.md 4.5). Range: activations and weights of 2, 4
 * and 8 bit; memory traffic is not modelled. */
#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double mpic_layer(const cost_layer *l, const cost_choice *c, cost_slope *slope)
{
    /* cycles per multiply-accumulate: rows activation bits 2, 4, 8; columns weight bits 2, 4, 8 */
    static const double cycles[COST_ACTIVATION_PRECISIONS][COST_ACTIVATION_PRECISIONS] = {
        {1 / 6.5, 1 / 4.0, 1 / 2.2}, {1 / 3.9, 1 / 3.5, 1 / 2.1}, {1 / 2.5, 1 / 2.3, 1 / 2.1}};
    return mac_table_layer(l, c, slope, cycles);
}

const cost_model cost_model_mpic = {.name = "mpic",
                                    .unit = "cycles",
                                    .description = "cycles on the MPIC processor, from its measured throughput",
                                    .layer = mpic_layer};
