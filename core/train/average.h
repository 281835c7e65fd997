/* average: a moving average of the values over the last part of a stage (Polyak and Juditsky 1992, with the exponential
 * weights that are usual today), which is evaluated and kept instead of the last iterate. */
#ifndef CORE_TRAIN_AVERAGE_H
#define CORE_TRAIN_AVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* After step 1, 2, ... of a stage: average += a (values - average) with a = max(2 / (window + 1), 1 / step): the mean
 * of all steps at first, and then an exponential average whose weights have the same mean age as the mean of the last
 * `window` steps. Step 1 overwrites the average. */
void average_update(real *average, const real *values, size_t count, double window, int64_t step);

#endif
