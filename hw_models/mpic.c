/* mpic: cycles and energy on the MPIC processor from its measured throughput and power (METHOD.md 4.5). Range:
 * activations and weights of 2, 4 and 8 bit; memory traffic is not modelled. */
#include "hw_models/mac_table.h"
#include "hw_models/models.h"

static double cycles(const cost_layer *l, const cost_choice *c, bool reference, cost_slope *slope, double scale)
{
    /* multiply-accumulates per cycle: rows activation bits 2, 4, 8; columns weight bits 2, 4, 8 */
    static const double throughput[MAC_TABLE_SIDE][MAC_TABLE_SIDE] = {
        {6.5, 4.0, 2.2}, {3.9, 3.5, 2.1}, {2.5, 2.3, 2.1}};
    mac_table table = mac_table_of_throughput(throughput, scale);
    return mac_table_layer(l, c, reference, slope, mac_table_factor, &table);
}

static bool mpic_defined(const cost_model *self, int weight_bits, int activation_bits)
{
    (void)self;
    return mac_table_defined(weight_bits, activation_bits);
}

static double mpic_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                         cost_slope *slope)
{
    (void)self;
    return cycles(l, c, reference, slope, 1);
}

static double mpic_energy_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                                cost_slope *slope)
{
    (void)self;
    static const double POWER = (5.30e-3 + 5.39e-3 + 5.46e-3 + 5.38e-3) / 4; /* W, mean of four measurements */
    static const double CLOCK = 250e6;                                       /* Hz */
    return cycles(l, c, reference, slope, POWER / CLOCK);
}

const cost_model cost_model_mpic = {.name = "mpic",
                                    .unit = "cycles",
                                    .description = "cycles on the MPIC processor, from its measured throughput",
                                    .layer = mpic_layer,
                                    .defined = mpic_defined};

const cost_model cost_model_mpic_energy = {.name = "mpic_energy",
                                           .unit = "J",
                                           .description = "energy on the MPIC processor at 250 MHz",
                                           .layer = mpic_energy_layer,
                                           .defined = mpic_defined};
