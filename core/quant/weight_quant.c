#include "core/quant/weight_quant.h"

#include <string.h>

#include "core/quant/round.h"
#include "core/quant/weight_minmax.h"

static const real SMALLEST_BIAS_STEP = (real)1e-8;

/* The grids of one block of channels. */
typedef struct {
    int first, count;
    bool plain; /* all codes are clamp(rne(w / divisor * factor), low, high): loops without calls */
    weight_grid of[WEIGHT_PRECISIONS];
} block_grids;

static void precision_prepare(weight_grid *grid, int p, const weight_choice *choice, int first, int channels,
                              const real largest[WEIGHT_BLOCK])
{
    if (grid->bits == 0) {
        memset(grid->step, 0, sizeof grid->step);
        return;
    }
    const real *steps = choice->steps != NULL ? choice->steps + p * channels + first : NULL;
    choice->quantizer[p]->grid(grid, largest, steps);
    for (int c = 0; c < grid->count && choice->gain != NULL; c++) grid->step[c] *= choice->gain[first + c];
}

static block_grids block_prepare(const real *w, size_t rows, int channels, int first, const weight_choice *choice)
{
    const int count = weight_block_at(w, rows, channels, first).count;
    real largest[WEIGHT_BLOCK] = {0};
    for (size_t k = 0; k < rows; k++) {
        const real *row = w + k * (size_t)channels + first;
        for (int c = 0; c < count; c++) {
            real size = real_abs(row[c]);
            largest[c] = size > largest[c] ? size : largest[c];
        }
    }
    block_grids grids;
    grids.first = first;
    grids.count = count;
    grids.plain = true;
    for (int p = 0; p < choice->precisions; p++) {
        grids.of[p].count = count;
        grids.of[p].bits = choice->bits[p];
        if (choice->bits[p] > 0)
            grids.plain = grids.plain && choice->bits[p] > 1 && choice->quantizer[p]->quantize == NULL;
        precision_prepare(&grids.of[p], p, choice, first, channels, largest);
    }
    return grids;
}

/* Q_p of one row of the block; `plain` is a constant where it is called. */
static inline void block_quantize(real *out, const real *row, const weight_grid *grid, const weight_quantizer *q,
                                  const bool plain)
{
    const real factor = grid->factor, low = grid->low, high = grid->high;
    if (!plain && q->quantize != NULL) {
        q->quantize(out, row, grid);
    } else if (!plain && grid->bits == 1) {
        for (int c = 0; c < grid->count; c++) out[c] = row[c] < 0 ? -grid->step[c] : grid->step[c];
    } else {
        for (int c = 0; c < grid->count; c++)
            out[c] = round_clamped(row[c] / grid->divisor[c] * factor, low, high) * grid->step[c];
    }
}

/* probability[p] of the block's channels, written out when one column serves all. */
static void block_probability(real probability[WEIGHT_BLOCK], const weight_choice *choice, int p,
                              const block_grids *grids)
{
    for (int c = 0; c < grids->count; c++)
        probability[c] = choice->probability[p * choice->columns + (choice->columns == 1 ? 0 : grids->first + c)];
}

/* W of the rows of a block. */
__attribute__((always_inline)) static inline void mix_rows(real *W, const real *w, size_t rows, int channels,
                                                           const block_grids *grids, const weight_choice *choice,
                                                           real probability[][WEIGHT_BLOCK], const bool plain)
{
    for (size_t k = 0; k < rows; k++) {
        const size_t at = k * (size_t)channels + (size_t)grids->first;
        real level[WEIGHT_BLOCK], sum[WEIGHT_BLOCK] = {0};
        for (int p = 0; p < choice->precisions; p++) {
            if (choice->bits[p] == 0) continue;
            block_quantize(level, w + at, &grids->of[p], choice->quantizer[p], plain);
            for (int c = 0; c < grids->count; c++) sum[c] += probability[p][c] * level[c];
        }
        memcpy(W + at, sum, (size_t)grids->count * sizeof(real));
    }
}

void weight_mix(real *W, real *step, const real *w, size_t rows, int channels, const weight_choice *choice)
{
    for (int first = 0; first < channels; first += WEIGHT_BLOCK) {
        const block_grids grids = block_prepare(w, rows, channels, first, choice);
        real probability[WEIGHT_PRECISIONS][WEIGHT_BLOCK];
        for (int c = 0; c < grids.count; c++) step[first + c] = 0;
        for (int p = 0; p < choice->precisions; p++) {
            block_probability(probability[p], choice, p, &grids);
            for (int c = 0; c < grids.count; c++) step[first + c] += probability[p][c] * grids.of[p].step[c];
        }
        if (grids.plain)
            mix_rows(W, w, rows, channels, &grids, choice, probability, true);
        else
            mix_rows(W, w, rows, channels, &grids, choice, probability, false);
    }
}

/* sum[c] := sum over rows of dW * Q_p(w), for a block. */
__attribute__((always_inline)) static inline void sum_levels(real sum[WEIGHT_BLOCK], const real *dW, const real *w,
                                                             size_t rows, int channels, const weight_grid *grid,
                                                             const weight_quantizer *q, const bool plain)
{
    for (int c = 0; c < WEIGHT_BLOCK; c++) sum[c] = 0;
    for (size_t k = 0; k < rows; k++) {
        real level[WEIGHT_BLOCK];
        block_quantize(level, w + k * (size_t)channels, grid, q, plain);
        const real *gradient = dW + k * (size_t)channels;
        for (int c = 0; c < grid->count; c++) sum[c] += gradient[c] * level[c];
    }
}

void weight_mix_backward(real *dprobability, const real *dW, const real *w, size_t rows, int channels,
                         const weight_choice *choice)
{
    for (int first = 0; first < channels; first += WEIGHT_BLOCK) {
        const block_grids grids = block_prepare(w, rows, channels, first, choice);
        for (int p = 0; p < choice->precisions; p++) {
            if (choice->bits[p] == 0) continue;
            real sum[WEIGHT_BLOCK];
            if (grids.plain)
                sum_levels(sum, dW + first, w + first, rows, channels, &grids.of[p], choice->quantizer[p], true);
            else
                sum_levels(sum, dW + first, w + first, rows, channels, &grids.of[p], choice->quantizer[p], false);
            for (int c = 0; c < grids.count; c++)
                dprobability[p * choice->columns + (choice->columns == 1 ? 0 : first + c)] += sum[c];
        }
    }
}

void weight_steps(real *steps, const real *w, size_t rows, int channels, int precisions, const int *bits)
{
    real probability[WEIGHT_PRECISIONS] = {0};
    weight_choice choice = {.precisions = precisions, .columns = 1, .probability = probability};
    memcpy(choice.bits, bits, (size_t)precisions * sizeof *bits);
    for (int p = 0; p < precisions; p++) choice.quantizer[p] = &weight_quantizer_minmax;
    for (int first = 0; first < channels; first += WEIGHT_BLOCK) {
        const block_grids grids = block_prepare(w, rows, channels, first, &choice);
        for (int p = 0; p < precisions; p++)
            memcpy(steps + p * channels + first, grids.of[p].step, (size_t)grids.count * sizeof(real));
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
