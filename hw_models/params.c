/* params, ops: numbers of the kept channels, biases included, and operations with one for each bias (METHOD.md 4.8,
 * evaluated on the kept channels: without the double counting of 4.9). Range: any geometry; precisions do not matter.
 *
 *   params:  conv, linear: kept * (in_kept * K + b)      depthwise: kept * (K + b)      ops: times the output's pixels
 *
 * As published, the gradient does not flow into the producer's choices. */
#include "hw_models/models.h"

static double count(const cost_layer *l, const cost_choice *c, double repeated, cost_slope *slope)
{
    double window = (double)l->kernel_h * l->kernel_w, bias = l->bias ? 1 : 0;
    bool depthwise = l->kind == COST_DEPTHWISE;
    double each = (depthwise ? window : c->in_kept * window) + bias; /* of one output channel */
    if (slope != NULL)
        *slope = (cost_slope){.in_kept = depthwise ? 0 : repeated * c->kept * window, .kept = repeated * each};
    return repeated * c->kept * each;
}

static double params_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                           cost_slope *slope)
{
    (void)self;
    (void)reference;
    return count(l, c, 1, slope);
}

static double ops_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                        cost_slope *slope)
{
    (void)self;
    (void)reference;
    return count(l, c, (double)l->out_height * l->out_width, slope);
}

const cost_model cost_model_params = {.name = "params",
                                      .unit = "numbers",
                                      .description = "weights and biases of the kept channels",
                                      .layer = params_layer,
                                      .in_kept_detached = true};

const cost_model cost_model_ops = {.name = "ops",
                                   .unit = "operations",
                                   .description = "multiply-accumulates and additions of biases of the kept channels",
                                   .layer = ops_layer,
                                   .in_kept_detached = true};
