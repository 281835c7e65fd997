/* gap8: cycles of 8-bit kernels on the eight cores of the GAP8 processor (METHOD.md 4.8). Range: convolutions,
 * depthwise and linear layers; weights and activations count as 8 bit, whatever was chosen: only pruning helps.
 *
 *   conv       ceil(Ho/2) ceil(Wo/8) (2 K Cin + ceil(Cout/4) (5 + 14 ceil(K Cin / 4) + 10))
 *   depthwise  4 ceil(Cout/4) Ho Wo K
 *   linear     ceil(Cin/2) ceil(Cout/4)
 *
 * on kept channels. Slopes are straight-through: ceil(a / N) counts as a / N. As published, the gradient does not flow
 * into the producer's choices. */
#include <math.h>

#include "hw_models/models.h"

static double blocks(double a, int n)
{
    return floor((a + n - 1) / n);
}

static double gap8_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                         cost_slope *slope)
{
    (void)self;
    (void)reference;
    double window = (double)l->kernel_h * l->kernel_w, outputs = blocks(c->kept, 4), value = 0;
    cost_slope s = {.kept = 0};
    switch (l->kind) {
    case COST_CONV: {
        double spatial = blocks(l->out_height, 2) * blocks(l->out_width, 8);
        double inner = 5 + 14 * blocks(window * c->in_kept, 4) + 10; /* of four output channels */
        value = spatial * (2 * window * c->in_kept + outputs * inner);
        s = (cost_slope){.kept = spatial * inner / 4, .in_kept = spatial * (2 * window + outputs * 14 * window / 4)};
        break;
    }
    case COST_DEPTHWISE: {
        double positions = (double)l->out_height * l->out_width * window;
        value = 4 * outputs * positions;
        s.kept = positions;
        break;
    }
    case COST_LINEAR:
        value = blocks(c->in_kept, 2) * outputs;
        s = (cost_slope){.kept = blocks(c->in_kept, 2) / 4, .in_kept = outputs / 2};
        break;
    }
    if (slope != NULL) *slope = s;
    return value;
}

const cost_model cost_model_gap8 = {.name = "gap8",
                                    .unit = "cycles",
                                    .description = "cycles of 8-bit kernels on the GAP8 processor",
                                    .layer = gap8_layer,
                                    .in_kept_detached = true,
                                    .stepped = true};
