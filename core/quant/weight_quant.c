#include "core/quant/weight_quant.h"

#include <string.h>

#include "core/quant/round.h"

enum { BLOCK = 64 }; /* channels handled together: their per-channel numbers stay in registers and L1 */

static const real SMALLEST_BIAS_STEP = (real)1e-8;

/* Per-channel numbers of one block of channels. */
typedef struct {
    int first, count;
    real divisor[WEIGHT_PRECISIONS][BLOCK]; /* exact: M (the same for every precision); by division, given: the step */
    real step[WEIGHT_PRECISIONS][BLOCK];    /* of what comes out: with the gain */
    bool binary[WEIGHT_PRECISIONS];
    real factor[WEIGHT_PRECISIONS], low[WEIGHT_PRECISIONS], high[WEIGHT_PRECISIONS];
} block_grid;

/* The grid of precision p from the largest magnitudes, or by division from the steps that are given. */
static void precision_prepare(block_grid *grid, int p, const weight_choice *choice, int channels,
                              const real largest[BLOCK], bool tie_by_division)
{
    const int bits = choice->bits[p];
    const bool given = bits > 0 && choice->given[p], by_division = tie_by_division || given;
    const real levels = (real)((1 << bits) - 1);
    grid->binary[p] = bits == 1;
    grid->factor[p] = by_division ? 1 : levels / 2;
    grid->high[p] = (real)((1 << bits) / 2 - 1);
    grid->low[p] = tie_by_division && !given ? -REAL_MAX : -(real)((1 << bits) / 2);
    for (int c = 0; c < grid->count; c++) {
        real range = largest[c] > 0 ? 2 * largest[c] : 1;
        real step = given       ? choice->steps[p * channels + grid->first + c]
                    : bits == 1 ? range / 2
                    : bits > 0  ? range / levels
                                : 0;
        grid->divisor[p][c] = by_division && bits > 0 ? step : range / 2;
        grid->step[p][c] = choice->gain != NULL ? step * choice->gain[grid->first + c] : step;
    }
}

static void block_prepare(block_grid *grid, const real *w, size_t rows, int channels, const weight_choice *choice,
                          bool tie_by_division)
{
    real largest[BLOCK] = {0};
    for (size_t k = 0; k < rows; k++) {
        const real *row = w + k * (size_t)channels + grid->first;
        for (int c = 0; c < grid->count; c++) {
            real size = real_abs(row[c]);
            largest[c] = size > largest[c] ? size : largest[c];
        }
    }
    for (int p = 0; p < choice->precisions; p++) precision_prepare(grid, p, choice, channels, largest, tie_by_division);
}

/* Q_p of one row of the block. */
static inline void block_quantize(real *out, const real *row, const block_grid *grid, int p)
{
    const real factor = grid->factor[p], low = grid->low[p], high = grid->high[p];
    if (grid->binary[p]) {
        for (int c = 0; c < grid->count; c++) out[c] = row[c] < 0 ? -grid->step[p][c] : grid->step[p][c];
        return;
    }
    for (int c = 0; c < grid->count; c++)
        out[c] = round_clamped(row[c] / grid->divisor[p][c] * factor, low, high) * grid->step[p][c];
}

/* probability[p] of the block's channels, written out when one column serves all. */
static void block_share(real probability[BLOCK], const weight_choice *choice, int p, const block_grid *grid)
{
    for (int c = 0; c < grid->count; c++)
        probability[c] = choice->probability[p * choice->columns + (choice->columns == 1 ? 0 : grid->first + c)];
}

void weight_mix(real *W, real *step, const real *w, size_t rows, int channels, const weight_choice *choice,
                bool tie_by_division)
{
    for (int first = 0; first < channels; first += BLOCK) {
        block_grid grid = {.first = first, .count = channels - first < BLOCK ? channels - first : BLOCK};
        block_prepare(&grid, w, rows, channels, choice, tie_by_division);

        real probability[WEIGHT_PRECISIONS][BLOCK];
        for (int c = 0; c < grid.count; c++) step[first + c] = 0;
        for (int p = 0; p < choice->precisions; p++) {
            block_share(probability[p], choice, p, &grid);
            for (int c = 0; c < grid.count; c++) step[first + c] += probability[p][c] * grid.step[p][c];
        }
        for (size_t k = 0; k < rows; k++) {
            const real *row = w + k * (size_t)channels + first;
            real *out = W + k * (size_t)channels + first;
            real level[BLOCK], sum[BLOCK] = {0};
            for (int p = 0; p < choice->precisions; p++) {
                if (choice->bits[p] == 0) continue;
                block_quantize(level, row, &grid, p);
                for (int c = 0; c < grid.count; c++) sum[c] += probability[p][c] * level[c];
            }
            memcpy(out, sum, (size_t)grid.count * sizeof(real));
        }
    }
}

void weight_mix_backward(real *dprobability, const real *dW, const real *w, size_t rows, int channels,
                         const weight_choice *choice, bool tie_by_division)
{
    for (int first = 0; first < channels; first += BLOCK) {
        block_grid grid = {.first = first, .count = channels - first < BLOCK ? channels - first : BLOCK};
        block_prepare(&grid, w, rows, channels, choice, tie_by_division);
        for (int p = 0; p < choice->precisions; p++) {
            if (choice->bits[p] == 0) continue;
            real level[BLOCK], sum[BLOCK] = {0};
            for (size_t k = 0; k < rows; k++) {
                block_quantize(level, w + k * (size_t)channels + first, &grid, p);
                const real *gradient = dW + k * (size_t)channels + first;
                for (int c = 0; c < grid.count; c++) sum[c] += gradient[c] * level[c];
            }
            for (int c = 0; c < grid.count; c++)
                dprobability[p * choice->columns + (choice->columns == 1 ? 0 : first + c)] += sum[c];
        }
    }
}

void weight_steps(real *steps, const real *w, size_t rows, int channels, int precisions, const int *bits)
{
    real probability[WEIGHT_PRECISIONS] = {0};
    weight_choice choice = {.precisions = precisions, .columns = 1, .probability = probability};
    memcpy(choice.bits, bits, (size_t)precisions * sizeof *bits);
    for (int first = 0; first < channels; first += BLOCK) {
        block_grid grid = {.first = first, .count = channels - first < BLOCK ? channels - first : BLOCK};
        block_prepare(&grid, w, rows, channels, &choice, true);
        for (int p = 0; p < precisions; p++)
            memcpy(steps + p * channels + first, grid.step[p], (size_t)grid.count * sizeof(real));
    }
}

static real bias_code(real bias, real bias_step)
{
    return real_abs(bias_step) > SMALLEST_BIAS_STEP ? real_rint(bias / bias_step) : 0;
}

void bias_quantize(real *B, const real *bias, const real *step, real input_step, int channels)
{
    for (int c = 0; c < channels; c++) {
        real bias_step = input_step * step[c];
        B[c] = bias_step * bias_code(bias[c], bias_step);
    }
}

void bias_quantize_backward_scaled(real *dbias, real *dstep, real *dinput_step, const real *bias, const real *step,
                                   real input_step, int channels)
{
    for (int c = 0; c < channels; c++) {
        real bias_step = input_step * step[c], of_step = dbias[c] * bias_code(bias[c], bias_step);
        *dinput_step += of_step * step[c];
        dstep[c] = of_step * input_step;
        dbias[c] *= bias_step;
    }
}
