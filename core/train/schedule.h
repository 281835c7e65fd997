/* schedule: what changes during a phase, as pure functions of the step or the epoch, counted from 0. */
#ifndef CORE_TRAIN_SCHEDULE_H
#define CORE_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config/settings.h"

/* Of the exponential schedule, in epoch 0, 1, ...: decay^epoch times the drops that lie before it. */
double schedule_learning_rate_factor(const phase_settings *phase, int epoch);

/* Factor on the phase's learning rates in optimiser step 0 ... phase->epochs * epoch_steps - 1. With T that number of
 * steps, u = (step + 1/2) / T and w the warm-up fraction, it is the product of
 *   the rise   min(u / w, 1)
 *   the shape  linear and one_cycle 1 - v, cosine (1 + cos(pi v)) / 2 with v = max(u - w, 0) / (1 - w); constant 1;
 *              exponential decay^epoch
 *   the drops that lie before this epoch
 * so that one_cycle is min(u / w, (1 - u) / (1 - w)) (Smith and Topin 2019, "Super-convergence"). */
double schedule_rate_factor(const phase_settings *phase, int64_t step, int epoch_steps);

/* Which layers of a discrete network, of those with weights in order, a training step of this epoch quantises: layers
 * [0, quantised) are, [quantised, noisy) get the phase's weight noise, the others compute in float. With
 * phase->gradual = g > 0 layer k is float until epoch k g, noisy for g epochs and quantised from then on (Zur et al.
 * 2019, arXiv 1904.09872); without all are noisy always. */
typedef struct {
    int quantised, noisy;
} layer_turn;
layer_turn schedule_layers(const phase_settings *phase, int epoch, int layers);

/* temperature * factor^epoch */
double schedule_temperature(const search_settings *search, int epoch);

/* Full strength, or min(s/100 + epoch * 0.99 s / floor(epochs/2), s). */
double schedule_strength(double strength, bool incremental, int epoch, int epochs);

/* First epoch that may be selected. */
int schedule_first_candidate(const phase_settings *phase);

#endif
