/* optimizer: updates of a span of values from their gradients. Weight decay is L2, added to the gradient
 * (METHOD.md 5.1). */
#ifndef CORE_TRAIN_OPTIMIZER_H
#define CORE_TRAIN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* Adam (Kingma and Ba 2015, algorithm 1), beta 0.9 and 0.999, epsilon 1e-8. `step` counts from 1. */
void optimizer_adam(real *values, real *first, real *second, const real *gradients, size_t count, double learning_rate,
                    double weight_decay, int64_t step);

/* v = momentum v + g; values -= learning_rate v. */
void optimizer_sgd(real *values, real *velocity, const real *gradients, size_t count, double learning_rate,
                   double momentum, double weight_decay);

/* The same one step ahead (Nesterov, as in Sutskever et al. 2013): v = momentum v + g; values -= learning_rate (g +
 * momentum v). */
void optimizer_nesterov(real *values, real *velocity, const real *gradients, size_t count, double learning_rate,
                        double momentum, double weight_decay);

#endif
