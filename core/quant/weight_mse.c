#include "core/quant/weight_mse.h"

#include "core/quant/round.h"

enum { CLIP_ROUNDS = 6, FIT_ROUNDS = 2 };

/* Per-channel numbers of one block of channels. */
typedef struct {
    const weight_block *of;
    real weights[WEIGHT_BLOCK];                     /* that are not 0: zeros cost nothing at any step */
    real mean[WEIGHT_BLOCK], largest[WEIGHT_BLOCK]; /* of |w| over these */
} measures;

static void measure(measures *m, const weight_block *b)
{
    *m = (measures){.of = b};
    for (size_t k = 0; k < b->rows; k++) {
        const real *row = b->w + k * b->channels;
        for (int c = 0; c < b->count; c++) {
            real size = real_abs(row[c]);
            m->weights[c] += size > 0 ? 1 : 0;
            m->mean[c] += size;
            m->largest[c] = size > m->largest[c] ? size : m->largest[c];
        }
    }
    for (int c = 0; c < b->count; c++) m->mean[c] /= m->weights[c] > 0 ? m->weights[c] : 1;
}

/* One round of the fixed point. Where nothing lies beyond the clip, the largest weight is the clip. */
static void move_clips(real *clip, const measures *m, real inside_cost)
{
    const weight_block *b = m->of;
    real sum[WEIGHT_BLOCK] = {0}, beyond[WEIGHT_BLOCK] = {0};
    for (size_t k = 0; k < b->rows; k++) {
        const real *row = b->w + k * b->channels;
        for (int c = 0; c < b->count; c++) {
            real size = real_abs(row[c]), out = size > clip[c] ? 1 : 0;
            sum[c] += out * size;
            beyond[c] += out;
        }
    }
    for (int c = 0; c < b->count; c++) {
        real moved = sum[c] / (inside_cost * (m->weights[c] - beyond[c]) + beyond[c]);
        clip[c] = beyond[c] > 0 ? moved : m->largest[c];
    }
}

/* One round of least squares on the codes of the present steps. */
static void fit_steps(real *step, const weight_block *b, real low, real high)
{
    real product[WEIGHT_BLOCK] = {0}, square[WEIGHT_BLOCK] = {0};
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

void weight_mse_steps(real *steps, const weight_block *b, int bits)
{
    measures m;
    measure(&m, b);
    if (bits == 1) {
        for (int c = 0; c < b->count; c++) steps[c] = m.mean[c] > 0 ? m.mean[c] : 1;
        return;
    }
    const real half = (real)(1 << (bits - 1)), inside_cost = 1 / (3 * (real)(1 << bits) * (real)(1 << bits));
    for (int c = 0; c < b->count; c++) steps[c] = 3 * m.mean[c];
    for (int round = 0; round < CLIP_ROUNDS; round++) move_clips(steps, &m, inside_cost);
    for (int c = 0; c < b->count; c++) steps[c] = steps[c] > 0 ? steps[c] / (half - (real)0.5) : 1;
    for (int round = 0; round < FIT_ROUNDS; round++) fit_steps(steps, b, -half, half - 1);
}

const weight_quantizer weight_quantizer_mse = {.steps = weight_mse_steps, .grid = weight_grid_of_steps};
