/* bops_accumulator: bit operations of convolutions with their accumulators (Zur et al. 2019, arXiv 1904.09872). Of one
 * output channel with weights of b bit over I input channels of a_i bit, K weights each, at P output pixels:
 *
 *   P K (b - 1) sum_i a_i  +  P (I K - 1) ceil(log2(K (2^(b-1) - 1) sum_i (2^a_i - 1)))
 *
 * The sign of a weight is not multiplied; the sum is as wide as it can become. The share of an activation precision is
 * a share of the input channels. Linear layers do not count, as published; a depthwise channel has I = 1. Slopes take
 * the width as given. Range: weights of at least 2 bit. */
#include <math.h>

#include "hw_models/models.h"

static double width_of_sum(double window, int weight_bits, double largest_inputs)
{
    const double largest = window * (exp2(weight_bits - 1) - 1) * largest_inputs;
    return largest > 1 ? ceil(log2(largest)) : 0;
}

static double layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                    cost_slope *slope)
{
    (void)self;
    (void)reference;
    const double pixels = (double)l->out_height * l->out_width, window = (double)l->kernel_h * l->kernel_w;
    const double inputs = l->kind == COST_DEPTHWISE ? 1 : c->in_kept;
    double total = 0, bits = 0, largest = 0; /* means over the input channels */
    for (int a = 1; a < COST_ACTIVATION_BITS; a++) {
        bits += a * c->activation[a];
        largest += (exp2(a) - 1) * c->activation[a];
    }
    cost_slope d = {.kept = 0};
    for (int w = 2; w < COST_WEIGHT_BITS && l->kind != COST_LINEAR; w++) {
        const double sum = width_of_sum(window, w, inputs * largest);
        const double by_input = pixels * window * ((w - 1) * bits + sum);
        d.channels[w] = inputs * by_input - pixels * sum;
        total += c->channels[w] * d.channels[w];
        for (int a = 1; a < COST_ACTIVATION_BITS; a++)
            d.activation[a] += c->channels[w] * pixels * window * (w - 1) * inputs * a;
        if (l->kind != COST_DEPTHWISE) d.in_kept += c->channels[w] * by_input;
    }
    if (slope != NULL) *slope = d;
    return c->channels[1] > 0 && l->kind != COST_LINEAR ? NAN : total;
}

static bool defined(const cost_model *self, int weight_bits, int activation_bits)
{
    (void)self;
    return weight_bits >= 2 && activation_bits >= 1;
}

const cost_model cost_model_bops_accumulator = {.name = "bops_accumulator",
                                                .unit = "bit_operations",
                                                .description = "bit operations of convolutions with accumulators",
                                                .layer = layer,
                                                .defined = defined,
                                                .stepped = true};
