#include "core/quant/weight_learn.h"

#include <stdbool.h>

#include "core/quant/round.h"

enum { BLOCK = 64 }; /* channels handled together */

/* Per-channel numbers of one block of channels. */
typedef struct {
    int count;
    real low[BLOCK], high[BLOCK], step[BLOCK], scale[BLOCK], binary[BLOCK];
} block;

static void prepare(block *b, const real *steps, const int8_t *bits, size_t rows)
{
    for (int c = 0; c < b->count; c++) {
        const real half = (real)((1 << bits[c]) / 2);
        const bool learned = bits[c] > 0, binary = bits[c] == 1;
        b->low[c] = learned ? -half : -REAL_MAX;
        b->high[c] = learned ? (binary ? 1 : half - 1) : REAL_MAX;
        b->step[c] = learned ? steps[c] : 1;
        b->binary[c] = binary ? 1 : 0;
        b->scale[c] = learned ? b->step[c] / real_sqrt((real)rows * (b->high[c] > 1 ? b->high[c] : 1)) : 0;
    }
}

static void backward_row(real *sum, real *dw, const real *w, const block *b)
{
    for (int c = 0; c < b->count; c++) {
        const real v = w[c] / b->step[c], sign = w[c] < 0 ? -1 : 1;
        const real error = b->binary[c] > 0 ? sign : round_small(v) - v;
        const real slope = v < b->low[c] ? b->low[c] : v > b->high[c] ? b->high[c] : error;
        sum[c] += dw[c] * slope;
        dw[c] = v < b->low[c] || v > b->high[c] ? 0 : dw[c];
    }
}

void weight_learn_backward(real *dw, real *dlog_step, const real *w, const real *steps, const int8_t *bits, size_t rows,
                           int channels)
{
    for (int first = 0; first < channels; first += BLOCK) {
        block b = {.count = channels - first < BLOCK ? channels - first : BLOCK};
        real sum[BLOCK] = {0};
        prepare(&b, steps + first, bits + first, rows);
        for (size_t k = 0; k < rows; k++) {
            const size_t at = k * (size_t)channels + (size_t)first;
            backward_row(sum, dw + at, w + at, &b);
        }
        for (int c = 0; c < b.count; c++) dlog_step[first + c] = sum[c] * b.scale[c];
    }
}
