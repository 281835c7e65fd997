/* weight_learned: steps that are trained once precisions are chosen, from those of weight_mse on (Esser et al. 2020,
 * "Learned step size quantization", equations 2 to 5). With v = w / s, codes in [low, high] = [-2^(b-1), 2^(b-1) - 1]
 * and G = dL/dW:
 *
 *   dL/ds = sum_k G_k * (code_k - v_k inside the range; low below; high above) / sqrt(n max(high, 1)),  n = rows
 *   dL/dw = G inside the range, else 0
 *
 * What is trained is log s, which keeps s above 0: dL/dlog s = s dL/ds. At 1 bit (codes -1, 1) the range is [-1, 1] and
 * dL/ds = sum_k G_k code_k / sqrt(n). */
#include "core/quant/round.h"
#include "core/quant/weight_mse.h"

/* Per-channel numbers of one block of channels. */
typedef struct {
    int count;
    real low[WEIGHT_BLOCK], high[WEIGHT_BLOCK], step[WEIGHT_BLOCK], scale[WEIGHT_BLOCK], binary[WEIGHT_BLOCK];
} ranges;

static void prepare(ranges *r, const real *steps, const int8_t *bits, size_t rows)
{
    for (int c = 0; c < r->count; c++) {
        const real half = (real)((1 << bits[c]) / 2);
        const bool learned = bits[c] > 0, binary = bits[c] == 1;
        r->low[c] = learned ? -half : -REAL_MAX;
        r->high[c] = learned ? (binary ? 1 : half - 1) : REAL_MAX;
        r->step[c] = learned ? steps[c] : 1;
        r->binary[c] = binary ? 1 : 0;
        r->scale[c] = learned ? r->step[c] / real_sqrt((real)rows * (r->high[c] > 1 ? r->high[c] : 1)) : 0;
    }
}

static void backward_row(real *sum, real *dw, const real *w, const ranges *r)
{
    for (int c = 0; c < r->count; c++) {
        const real v = w[c] / r->step[c], sign = w[c] < 0 ? -1 : 1;
        const real error = r->binary[c] > 0 ? sign : round_small(v) - v;
        const real slope = v < r->low[c] ? r->low[c] : v > r->high[c] ? r->high[c] : error;
        sum[c] += dw[c] * slope;
        dw[c] = v < r->low[c] || v > r->high[c] ? 0 : dw[c];
    }
}

static void gradient(real *dw, real *dlog_step, const weight_block *b, const real *steps, const int8_t *bits)
{
    ranges r = {.count = b->count};
    real sum[WEIGHT_BLOCK] = {0};
    prepare(&r, steps, bits, b->rows);
    for (size_t k = 0; k < b->rows; k++) backward_row(sum, dw + k * b->channels, b->w + k * b->channels, &r);
    for (int c = 0; c < b->count; c++)
        if (bits[c] > 0) dlog_step[c] = sum[c] * r.scale[c];
}

extern const weight_quantizer weight_quantizer_learned;
const weight_quantizer weight_quantizer_learned = {
    .steps = weight_mse_steps, .learns_steps = true, .grid = weight_grid_of_steps, .gradient = gradient};
