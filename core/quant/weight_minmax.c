#include "core/quant/weight_minmax.h"

static real range_of(real largest)
{
    return largest > 0 ? 2 * largest : 1;
}

static void set_steps(weight_grid *out, const real *largest)
{
    const real levels = (real)((1 << out->bits) - 1);
    out->high = (real)((1 << out->bits) / 2 - 1);
    for (int c = 0; c < out->count; c++) out->step[c] = range_of(largest[c]) / (out->bits == 1 ? 2 : levels);
}

static void grid_exact(weight_grid *out, const real *largest, const real *steps)
{
    (void)steps;
    set_steps(out, largest);
    out->factor = (real)((1 << out->bits) - 1) / 2;
    out->low = -(real)((1 << out->bits) / 2);
    for (int c = 0; c < out->count; c++) out->divisor[c] = range_of(largest[c]) / 2;
}

static void grid_by_division(weight_grid *out, const real *largest, const real *steps)
{
    (void)steps;
    set_steps(out, largest);
    out->factor = 1;
    out->low = -REAL_MAX;
    for (int c = 0; c < out->count; c++) out->divisor[c] = out->step[c];
}

const weight_quantizer weight_quantizer_minmax_by_division = {.grid = grid_by_division};
const weight_quantizer weight_quantizer_minmax = {.grid = grid_exact,
                                                  .by_division = &weight_quantizer_minmax_by_division};
