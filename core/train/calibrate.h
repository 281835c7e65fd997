/* calibrate: clips of a signed input from data, where a constant would start far from the values that occur. A function
 * of network and data only: every rank computes it alone, with the same result. */
#ifndef CORE_TRAIN_CALIBRATE_H
#define CORE_TRAIN_CALIBRATE_H

#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/net/model/model.h"

/* Sets the clips of a signed input quantiser to the smallest and largest value of the training split, at least 0.001
 * away from 0 on either side. An unsigned input keeps its clip: images fill their range. */
void calibrate_input(const model *m, real *values, const dataset *data);

#endif
