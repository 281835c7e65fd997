/* A weight quantiser for test_added.c: codes of the largest magnitude or 0, and no gradient where a weight is small. */
#include "core/quant/weight_quantizer.h"

static void grid(weight_grid *out, const real *largest, const real *steps)
{
    (void)steps;
    out->factor = 1;
    out->high = out->low = 0;
    for (int c = 0; c < out->count; c++) out->divisor[c] = out->step[c] = largest[c] > 0 ? largest[c] : 1;
}

static void quantize(real *out, const real *row, const weight_grid *g)
{
    for (int c = 0; c < g->count; c++) {
        const real code = row[c] > g->step[c] / 2 ? 1 : row[c] < -g->step[c] / 2 ? -1 : 0;
        out[c] = code * g->step[c];
    }
}

static void gradient(real *dw, real *dlog_step, const weight_block *b, const real *steps, const int8_t *bits)
{
    (void)dlog_step;
    for (size_t k = 0; k < b->rows; k++)
        for (int c = 0; c < b->count; c++)
            if (bits[c] > 0 && real_abs(b->w[k * b->channels + c]) <= steps[c] / 2) dw[k * b->channels + c] = 0;
}

extern const weight_quantizer weight_quantizer_added;
const weight_quantizer weight_quantizer_added = {.grid = grid, .quantize = quantize, .gradient = gradient};
