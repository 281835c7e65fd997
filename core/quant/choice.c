#include "core/quant/choice.h"

#include <math.h>

#include "core/base/rng.h"

static const real TEMPERATURE_OF_ARGMAX = (real)1e-8; /* METHOD.md 1.4 */

static int first_largest(const real *logits, int precisions, int columns, int column)
{
    int best = 0;
    for (int i = 1; i < precisions; i++)
        if (logits[i * columns + column] > logits[best * columns + column]) best = i;
    return best;
}

void choice_onehot(real *probability, const real *logits, int precisions, int columns)
{
    for (int c = 0; c < columns; c++) {
        int best = first_largest(logits, precisions, columns, c);
        for (int i = 0; i < precisions; i++) probability[i * columns + c] = i == best ? 1 : 0;
    }
}

void choice_softmax(real *probability, const real *logits, int precisions, int columns, real temperature)
{
    if (temperature < TEMPERATURE_OF_ARGMAX) {
        choice_onehot(probability, logits, precisions, columns);
        return;
    }
    for (int c = 0; c < columns; c++) {
        real largest = logits[first_largest(logits, precisions, columns, c) * columns + c] / temperature;
        real sum = 0;
        for (int i = 0; i < precisions; i++) {
            probability[i * columns + c] = real_exp(logits[i * columns + c] / temperature - largest);
            sum += probability[i * columns + c];
        }
        for (int i = 0; i < precisions; i++) probability[i * columns + c] /= sum;
    }
}

void choice_sample(real *probability, real *soft, const real *logits, const real *noise, bool hard, int precisions,
                   int columns, real temperature)
{
    for (int i = 0; i < precisions * columns; i++) soft[i] = logits[i] + (noise != NULL ? noise[i] : 0);
    if (hard) choice_onehot(probability, soft, precisions, columns);
    choice_softmax(soft, soft, precisions, columns, temperature);
    if (hard || probability == soft) return;
    for (int i = 0; i < precisions * columns; i++) probability[i] = soft[i];
}

void choice_gumbel_noise(real *noise, size_t count, uint64_t seed, uint32_t step, uint32_t stream)
{
    for (size_t i = 0; i < count; i += 4) {
        rng_block block = rng_draw(seed, RNG_GUMBEL, step, stream, (uint32_t)(i / 4));
        for (size_t k = 0; k < 4 && i + k < count; k++) {
            double u = ((double)block.word[k] + 0.5) * (1.0 / 4294967296.0); /* strictly between 0 and 1 */
            noise[i + k] = (real)-log(-log(u));
        }
    }
}

void choice_softmax_backward(real *dlogits, const real *dprobability, const real *probability, int precisions,
                             int columns, real temperature)
{
    for (int c = 0; c < columns; c++) {
        real mean = 0;
        for (int i = 0; i < precisions; i++) mean += dprobability[i * columns + c] * probability[i * columns + c];
        for (int i = 0; i < precisions; i++) {
            int at = i * columns + c;
            real slope = probability[at] * (dprobability[at] - mean);
            dlogits[at] = temperature < TEMPERATURE_OF_ARGMAX ? 0 : slope / temperature;
        }
    }
}

void choice_keep_alive(real *probability, const real *logits, int precisions, int columns)
{
    int best_column = -1, best_row = -1;
    real best_gap = 0;
    for (int c = 0; c < columns; c++) {
        if (probability[c] == 0) return; /* somebody lives */
        for (int i = 1; i < precisions; i++) {
            real gap = logits[c] - logits[i * columns + c];
            if (best_row >= 0 && gap >= best_gap) continue;
            best_gap = gap;
            best_column = c;
            best_row = i;
        }
    }
    if (best_row < 0) return;
    probability[best_column] = 0;
    probability[best_row * columns + best_column] = 1;
}
