/* schedule: what changes from epoch to epoch, as pure functions of the epoch index (method.md 5.1). */
#ifndef CORE_TRAIN_SCHEDULE_H
#define CORE_TRAIN_SCHEDULE_H

#include <stdbool.h>

#include "core/config/settings.h"

/* Factor on the phase's learning rates in epoch 0, 1, ...: decay^epoch times the drops that lie before it. */
double schedule_learning_rate_factor(const phase_settings *phase, int epoch);

/* temperature * factor^epoch */
double schedule_temperature(const search_settings *search, int epoch);

/* Full strength, or min(s/100 + epoch * 0.99 s / floor(epochs/2), s). */
double schedule_strength(double strength, bool incremental, int epoch, int epochs);

/* First epoch that may be selected. */
int schedule_first_candidate(const phase_settings *phase);

#endif
