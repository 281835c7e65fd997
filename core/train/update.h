/* update: one optimiser step of a whole network: which section of its block of values follows which rule
 * (METHOD.md 1.8, 5.1). */
#ifndef CORE_TRAIN_UPDATE_H
#define CORE_TRAIN_UPDATE_H

#include <stdint.h>

#include "core/config/settings.h"
#include "core/net/model/model.h"

/* Moving averages, borrowed; zero at the start of a phase. */
typedef struct {
    real *first, *second; /* (layout.total) each: Adam's moments, or SGD's velocity in `first` */
    real *velocity;       /* (layout.choices - layout.clips): of the choices */
} update_moments;

/* Weights and biases follow the phase's optimiser, with weight decay, batch-norm's scale and shift, too, with
 * decay_norm; clips the same without; choices SGD with momentum, if `search` is not NULL. rate_factor multiplies all
 * learning rates; `step` counts from 1 within the phase. Afterwards clips keep a distance from zero (arithmetic.h:
 * clips_unguarded). */
void update_values(const model *m, real *values, const update_moments *moments, const real *gradients,
                   const phase_settings *phase, const search_settings *search, double rate_factor, int64_t step);

#endif
