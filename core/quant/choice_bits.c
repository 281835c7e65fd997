#include "core/quant/choice_bits.h"

#include <string.h>

/* Position of the lower neighbour; a single candidate is its own. */
static int lower(real b, const int *bits, int precisions)
{
    int at = 0;
    while (at + 2 < precisions && (real)bits[at + 1] <= b) at++;
    return at;
}

static real width(const int *bits, int at)
{
    return (real)(bits[at + 1] - bits[at]);
}

void choice_bits_mix(real *probability, real *slope, const real *choice, const int *bits, int precisions, int columns)
{
    const size_t bytes = (size_t)precisions * (size_t)columns * sizeof *probability;
    memset(probability, 0, bytes);
    memset(slope, 0, bytes);
    for (int c = 0; c < columns; c++) {
        if (precisions == 1) {
            probability[c] = 1;
            continue;
        }
        const int at = lower(choice[c], bits, precisions);
        const real up = (choice[c] - (real)bits[at]) / width(bits, at);
        probability[at * columns + c] = 1 - up;
        probability[(at + 1) * columns + c] = up;
        slope[(at + 1) * columns + c] = 1 / width(bits, at);
        slope[at * columns + c] = -slope[(at + 1) * columns + c];
    }
}

void choice_bits_nearest(real *probability, const real *choice, const int *bits, int precisions, int columns)
{
    memset(probability, 0, (size_t)precisions * (size_t)columns * sizeof *probability);
    for (int c = 0; c < columns; c++) {
        int at = lower(choice[c], bits, precisions);
        if (precisions > 1 && 2 * (choice[c] - (real)bits[at]) > width(bits, at)) at++;
        probability[at * columns + c] = 1;
    }
}

void choice_bits_backward(real *dchoice, const real *dprobability, const real *slope, int precisions, int columns)
{
    for (int c = 0; c < columns; c++) {
        real sum = 0;
        for (int p = 0; p < precisions; p++) sum += dprobability[p * columns + c] * slope[p * columns + c];
        dchoice[c] = sum;
    }
    memset(dchoice + columns, 0, (size_t)(precisions - 1) * (size_t)columns * sizeof *dchoice);
}

void choice_bits_clamp(real *choice, const int *bits, int precisions, int columns)
{
    const real low = (real)bits[0], high = (real)bits[precisions - 1];
    for (int c = 0; c < columns; c++) choice[c] = choice[c] < low ? low : choice[c] > high ? high : choice[c];
}

void choice_bits_keep_alive(real *probability, const real *choice, int precisions, int columns)
{
    int most = 0;
    for (int c = 0; c < columns; c++) {
        if (probability[c] == 0) return;
        if (choice[c] > choice[most]) most = c;
    }
    if (precisions < 2) return;
    probability[most] = 0;
    probability[columns + most] = 1;
}
