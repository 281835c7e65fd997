/* flash: bytes of everything that a device stores of a layer. Range: any geometry.
 *
 *   sum_w C(w) n_w I K / 8 + kept (4 + 4 + 1)      depthwise: without I
 *
 * C(w): weights are packed in the next of 2, 4, 8 bit. Of each kept output channel: a bias of 32 bit, a multiplier of
 * 32 bit, and its precision in a byte. Without what a layer has once (shapes, the bytes that packed blocks end with).
 */
#include "hw_models/models.h"

enum { CHANNEL_BYTES = 4 + 4 + 1 };

static int carrier(int bits)
{
    return bits == 0 ? 0 : bits <= 2 ? 2 : bits <= 4 ? 4 : 8;
}

static double flash_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                          cost_slope *slope)
{
    (void)self;
    (void)reference;
    const double window = (double)l->kernel_h * l->kernel_w, inputs = l->kind == COST_DEPTHWISE ? 1 : c->in_kept;
    double stored = 0; /* bits of one weight of every output channel */
    for (int w = 0; w < COST_WEIGHT_BITS; w++) stored += carrier(w) * c->channels[w];
    if (slope != NULL) {
        *slope = (cost_slope){.kept = CHANNEL_BYTES};
        if (l->kind != COST_DEPTHWISE) slope->in_kept = window * stored / 8;
        for (int w = 0; w < COST_WEIGHT_BITS; w++) slope->channels[w] = inputs * window * carrier(w) / 8;
    }
    return inputs * window * stored / 8 + CHANNEL_BYTES * c->kept;
}

const cost_model cost_model_flash = {.name = "flash",
                                     .unit = "bytes",
                                     .description = "stored: packed weights, biases, scales, precisions of channels",
                                     .layer = flash_layer};
