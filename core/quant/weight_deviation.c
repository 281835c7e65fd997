/* weight_deviation: the quantiser of the programs of Zur et al. 2019 (arXiv 1904.09872), clipped by the spread of a
 * channel: with mean and standard deviation of its n weights and codes from -M to M, M = 2^(b-1) - 1,
 *
 *   C = |mean| + 3.45 deviation,   step = C / M,   value = step clamp(rne(w / step), -M, M)
 *
 * In a discrete network that is trained the clip is fixed once, as its training begins, and gradients go straight
 * through; before, it follows the weights. Weights that are 0 do not count: a channel has the same step without them. 1
 * bit, which the programs do not have: codes -1 and 1 at the mean of |w|, as weight_mse. */
#include "core/quant/weight_mse.h"

static const real SPREAD = (real)3.45;

static void clips(real *clip, const weight_block *b)
{
    real count[WEIGHT_BLOCK] = {0}, mean[WEIGHT_BLOCK] = {0}, square[WEIGHT_BLOCK] = {0};
    for (size_t k = 0; k < b->rows; k++)
        for (int c = 0; c < b->count; c++) {
            const real w = b->w[k * b->channels + (size_t)c];
            count[c] += w != 0 ? 1 : 0;
            mean[c] += w;
        }
    for (int c = 0; c < b->count; c++) {
        count[c] = count[c] > 0 ? count[c] : 1;
        mean[c] /= count[c];
    }
    for (size_t k = 0; k < b->rows; k++)
        for (int c = 0; c < b->count; c++) {
            const real w = b->w[k * b->channels + (size_t)c], off = w != 0 ? w - mean[c] : 0;
            square[c] += off * off;
        }
    for (int c = 0; c < b->count; c++) clip[c] = real_abs(mean[c]) + SPREAD * real_sqrt(square[c] / count[c]);
}

static void steps_of_spread(real *steps, const weight_block *b, int bits)
{
    if (bits == 1) {
        weight_mse_steps(steps, b, bits);
        return;
    }
    clips(steps, b);
    const real highest = (real)((1 << bits) / 2 - 1);
    for (int c = 0; c < b->count; c++) steps[c] = steps[c] > 0 ? steps[c] / highest : 1;
}

static void grid(weight_grid *out, const real *largest, const real *steps)
{
    weight_grid_of_steps(out, largest, steps);
    out->low = -out->high;
}

extern const weight_quantizer weight_quantizer_deviation;
const weight_quantizer weight_quantizer_deviation = {.steps = steps_of_spread, .learns_steps = true, .grid = grid};
