#include "core/train/optimizer.h"

void optimizer_adam(real *values, real *first, real *second, const real *gradients, size_t count, double learning_rate,
                    double weight_decay, int64_t step)
{
    const double beta1 = 0.9, beta2 = 0.999;
    const real epsilon = (real)1e-8, b1 = (real)beta1, b2 = (real)beta2;
    const real rest1 = (real)(1 - beta1), rest2 = (real)(1 - beta2), decay = (real)weight_decay;
    const real rate = (real)(learning_rate / (1 - pow(beta1, (double)step)));
    const real root = (real)sqrt(1 - pow(beta2, (double)step));
    for (size_t i = 0; i < count; i++) {
        real g = gradients[i] + decay * values[i];
        first[i] = b1 * first[i] + rest1 * g;
        second[i] = b2 * second[i] + rest2 * (g * g);
        values[i] -= rate * (first[i] / (real_sqrt(second[i]) / root + epsilon));
    }
}

void optimizer_sgd(real *values, real *velocity, const real *gradients, size_t count, double learning_rate,
                   double momentum, double weight_decay)
{
    const real rate = (real)learning_rate, mu = (real)momentum, decay = (real)weight_decay;
    for (size_t i = 0; i < count; i++) {
        velocity[i] = mu * velocity[i] + (gradients[i] + decay * values[i]);
        values[i] -= rate * velocity[i];
    }
}

void optimizer_nesterov(real *values, real *velocity, const real *gradients, size_t count, double learning_rate,
                        double momentum, double weight_decay)
{
    const real rate = (real)learning_rate, mu = (real)momentum, decay = (real)weight_decay;
    for (size_t i = 0; i < count; i++) {
        real g = gradients[i] + decay * values[i];
        velocity[i] = mu * velocity[i] + g;
        values[i] -= rate * (g + mu * velocity[i]);
    }
}
