/* score: search by score functions, without a gradient through the network (Williams 1992; Zur et al. 2019, arXiv
 * 1904.09872). A factor is one multinomial of N trials over options with probabilities softmax(logits), or, with one
 * option, a binomial with probability sigmoid(logit). With counts n of S samples and their losses L,
 *
 *   dE[L]/dlogit_i  ~  1/S sum_m (L_m - b_m) (n_mi - N p_i)
 *
 * which is the exact score; b_m = 0, or the mean loss of the other samples, which changes the variance alone. Pure. */
#ifndef CORE_STRATEGY_SCORE_H
#define CORE_STRATEGY_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/real.h"

enum { SCORE_MOST_OPTIONS = 16 };

typedef struct {
    int options; /* 1: binomial */
    int trials;
} score_factor;

/* p[options]. */
void score_probabilities(double *p, const real *logits, const score_factor *f);

/* counts[options] of a draw: trial k takes the uniform number uniform(ctx, k). */
void score_draw(int *counts, const double *p, const score_factor *f, double (*uniform)(void *ctx, int trial),
                void *ctx);

/* The counts that the probabilities stand for: floor(p N) and the rest to the last option, one trial: the largest p
 * (the first of equals); a binomial: N p to the nearest. */
void score_mode(int *counts, const double *p, const score_factor *f);

/* gradient[options] from losses[samples] and counts: counts[m * stride + i]. */
void score_gradient(double *gradient, const double *losses, const int *counts, int stride, int samples, const double *p,
                    const score_factor *f, bool leave_one_out);

/* logits -= rate * gradient, the gradient cut to norm `clip` over all of them. */
void score_step(real *logits, double *gradient, int count, double rate, double clip);

#endif
