/* size: bits of the stored weights (method.md 4.2, the corrected depthwise gradient). Biases are not counted.
 *
 *   conv, linear:  in_kept * K * S      depthwise:  K * S      with S = sum_w w * n_w, K = kernel_h * kernel_w
 *
 * The gradient does not flow into the producer's choices (method.md 4.1). Range: any geometry. */
#include "hw_models/models.h"

static double size_layer(const cost_layer *l, const cost_choice *c, cost_slope *slope)
{
    static const double bits[COST_WEIGHT_PRECISIONS] = {0, 2, 4, 8};
    double window = (double)l->kernel_h * l->kernel_w;
    double inputs = l->kind == COST_DEPTHWISE ? 1 : c->in_kept;
    double stored = 0;
    for (int w = 0; w < COST_WEIGHT_PRECISIONS; w++) stored += bits[w] * c->channels[w];
    if (slope != NULL) {
        *slope = (cost_slope){.in_kept = l->kind == COST_DEPTHWISE ? 0 : window * stored};
        for (int w = 0; w < COST_WEIGHT_PRECISIONS; w++) slope->channels[w] = inputs * window * bits[w];
    }
    return inputs * window * stored;
}

const cost_model cost_model_size = {.name = "size",
                                    .unit = "bits",
                                    .description = "stored weights of the kept channels, without biases",
                                    .layer = size_layer,
                                    .in_kept_detached = true};
