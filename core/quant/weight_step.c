#include "core/quant/weight_step.h"

#include <math.h>

#include "core/quant/round.h"

enum { BLOCK = 64, CLIP_ROUNDS = 6, FIT_ROUNDS = 2 }; /* channels handled together */

/* Per-channel numbers of one block of channels. */
typedef struct {
    const real *w; /* its first channel in row 0 */
    size_t rows, channels;
    int count;
    real weights[BLOCK];              /* that are not 0: zeros cost nothing at any step */
    real mean[BLOCK], largest[BLOCK]; /* of |w| over these */
} block;

static void measure(block *b)
{
    for (int c = 0; c < BLOCK; c++) b->weights[c] = b->mean[c] = b->largest[c] = 0;
    for (size_t k = 0; k < b->rows; k++) {
        const real *row = b->w + k * b->channels;
        for (int c = 0; c < b->count; c++) {
            real size = real_abs(row[c]);
            b->weights[c] += size > 0 ? 1 : 0;
            b->mean[c] += size;
            b->largest[c] = size > b->largest[c] ? size : b->largest[c];
        }
    }
    for (int c = 0; c < b->count; c++) b->mean[c] /= b->weights[c] > 0 ? b->weights[c] : 1;
}

/* One round of the fixed point. Where nothing lies beyond the clip, the largest weight is the clip. */
static void move_clips(real *clip, const block *b, real inside_cost)
{
    real sum[BLOCK] = {0}, beyond[BLOCK] = {0};
    for (size_t k = 0; k < b->rows; k++) {
        const real *row = b->w + k * b->channels;
        for (int c = 0; c < b->count; c++) {
            real size = real_abs(row[c]), out = size > clip[c] ? 1 : 0;
            sum[c] += out * size;
            beyond[c] += out;
        }
    }
    for (int c = 0; c < b->count; c++) {
        real moved = sum[c] / (inside_cost * (b->weights[c] - beyond[c]) + beyond[c]);
        clip[c] = beyond[c] > 0 ? moved : b->largest[c];
    }
}

/* One round of least squares on the codes of the present steps. */
static void fit_steps(real *step, const block *b, real low, real high)
{
    real product[BLOCK] = {0}, square[BLOCK] = {0};
    for (size_t k = 0; k < b->rows; k++) {
        const real *row = b->w + k * b->channels;
        for (int c = 0; c < b->count; c++) {
            real code = round_clamped(row[c] / step[c], low, high);
            product[c] += row[c] * code;
            square[c] += code * code;
        }
    }
    for (int c = 0; c < b->count; c++) {
        real fitted = product[c] / (square[c] > 0 ? square[c] : 1);
        step[c] = fitted > 0 ? fitted : step[c];
    }
}

static void block_steps(real *step, block *b, int bits)
{
    measure(b);
    if (bits == 1) {
        for (int c = 0; c < b->count; c++) step[c] = b->mean[c] > 0 ? b->mean[c] : 1;
        return;
    }
    const real half = (real)(1 << (bits - 1)), inside_cost = 1 / (3 * (real)(1 << bits) * (real)(1 << bits));
    for (int c = 0; c < b->count; c++) step[c] = 3 * b->mean[c];
    for (int round = 0; round < CLIP_ROUNDS; round++) move_clips(step, b, inside_cost);
    for (int c = 0; c < b->count; c++) step[c] = step[c] > 0 ? step[c] / (half - (real)0.5) : 1;
    for (int round = 0; round < FIT_ROUNDS; round++) fit_steps(step, b, -half, half - 1);
}

void weight_step_mse(real *steps, const real *w, size_t rows, int channels, int bits)
{
    for (int first = 0; first < channels; first += BLOCK) {
        block b = {.w = w + first,
                   .rows = rows,
                   .channels = (size_t)channels,
                   .count = channels - first < BLOCK ? channels - first : BLOCK};
        block_steps(steps + first, &b, bits);
    }
}
