/* size: bits of the stored weights (METHOD.md 4.2). Biases are not counted. Range: any geometry.
 *
 *   conv, linear:  in_kept * K * S      depthwise:  K * S      with S = sum_w w * n_w, K = kernel_h * kernel_w
 *
 * The gradient does not flow into the producer's choices (METHOD.md 4.1). The reference multiplies by
 * kept / (kept + 1e-10) and computes a depthwise layer as in_kept * kept / (kept + 1e-4) filters: with in_kept
 * detached, its gradient charges for pruning a depthwise channel; exact arithmetic does not. */
#include "hw_models/models.h"

static double exact_size(const cost_layer *l, const cost_choice *c, double stored, cost_slope *slope)
{
    double window = (double)l->kernel_h * l->kernel_w;
    bool depthwise = l->kind == COST_DEPTHWISE;
    double each = depthwise ? window : c->in_kept * window; /* of one output channel */
    *slope = (cost_slope){.in_kept = depthwise ? 0 : window * stored};
    for (int w = 0; w < COST_WEIGHT_BITS; w++) slope->channels[w] = each * w;
    return each * stored;
}

static double reference_size(const cost_layer *l, const cost_choice *c, double stored, cost_slope *slope)
{
    const double kept = c->kept + 1e-10, filters = c->kept + 1e-4;
    double window = (double)l->kernel_h * l->kernel_w;
    double mean_bits = stored / kept;
    double weights = c->kept * window, by_kept = window; /* of one input channel */
    if (l->kind == COST_DEPTHWISE) {
        weights /= filters;
        by_kept *= 1e-4 / (filters * filters);
    }
    *slope = (cost_slope){.in_kept = weights * mean_bits, .kept = c->in_kept * (by_kept - weights / kept) * mean_bits};
    for (int w = 0; w < COST_WEIGHT_BITS; w++) slope->channels[w] = c->in_kept * weights * w / kept;
    return c->in_kept * weights * mean_bits;
}

static double size_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                         cost_slope *slope)
{
    (void)self;
    double stored = 0;
    for (int w = 0; w < COST_WEIGHT_BITS; w++) stored += w * c->channels[w];
    cost_slope computed;
    double value = reference ? reference_size(l, c, stored, &computed) : exact_size(l, c, stored, &computed);
    if (slope != NULL) *slope = computed;
    return value;
}

const cost_model cost_model_size = {.name = "size",
                                    .unit = "bits",
                                    .description = "stored weights of the kept channels, without biases",
                                    .layer = size_layer,
                                    .in_kept_detached = true};
