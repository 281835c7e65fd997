#include "core/strategy/score.h"

#include <math.h>

void score_probabilities(double *p, const real *logits, const score_factor *f)
{
    if (f->options == 1) {
        p[0] = 1 / (1 + exp(-(double)logits[0]));
        return;
    }
    double largest = -INFINITY, sum = 0;
    for (int i = 0; i < f->options; i++) largest = fmax(largest, (double)logits[i]);
    for (int i = 0; i < f->options; i++) sum += p[i] = exp((double)logits[i] - largest);
    for (int i = 0; i < f->options; i++) p[i] /= sum;
}

void score_draw(int *counts, const double *p, const score_factor *f, double (*uniform)(void *ctx, int trial), void *ctx)
{
    for (int i = 0; i < f->options; i++) counts[i] = 0;
    for (int k = 0; k < f->trials; k++) {
        double rest = uniform(ctx, k);
        int i = 0;
        for (; i < f->options && rest >= p[i]; i++) rest -= p[i];
        if (i < f->options)
            counts[i]++;
        else if (f->options > 1)
            counts[f->options - 1]++; /* the sum of p is 1 but for rounding */
    }
}

void score_mode(int *counts, const double *p, const score_factor *f)
{
    if (f->options == 1) {
        counts[0] = (int)rint(f->trials * p[0]);
        return;
    }
    int best = 0, rest = f->trials;
    for (int i = 0; i < f->options; i++) {
        if (p[i] > p[best]) best = i;
        counts[i] = f->trials == 1 ? 0 : (int)floor(p[i] * f->trials + 1e-9);
        rest -= counts[i];
    }
    counts[f->trials == 1 ? best : f->options - 1] += rest;
}

void score_gradient(double *gradient, const double *losses, const int *counts, int stride, int samples, const double *p,
                    const score_factor *f, bool leave_one_out)
{
    double sum = 0;
    for (int m = 0; m < samples; m++) sum += losses[m];
    for (int i = 0; i < f->options; i++) {
        gradient[i] = 0;
        for (int m = 0; m < samples; m++) {
            const double others = leave_one_out && samples > 1 ? (sum - losses[m]) / (samples - 1) : 0;
            gradient[i] += (losses[m] - others) * (counts[m * stride + i] - f->trials * p[i]) / samples;
        }
    }
}

void score_step(real *logits, double *gradient, int count, double rate, double clip)
{
    double norm = 0;
    for (int i = 0; i < count; i++) norm += gradient[i] * gradient[i];
    norm = sqrt(norm);
    const double factor = norm > clip ? rate * clip / norm : rate;
    for (int i = 0; i < count; i++) logits[i] -= (real)(factor * gradient[i]);
}
