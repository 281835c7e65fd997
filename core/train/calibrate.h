/* calibrate: clips from data, where a constant would start far from the values that occur. Functions of network and
 * data only: every rank computes them alone, with the same result. */
#ifndef CORE_TRAIN_CALIBRATE_H
#define CORE_TRAIN_CALIBRATE_H

#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/net/model/model.h"

/* Sets the clips of a signed input quantiser to the smallest and largest value of the training split, at least 0.001
 * away from 0 on either side. An unsigned input keeps its clip: images fill their range. */
void calibrate_input(const model *m, real *values, const dataset *data);

/* Sets the clips of the activation quantisers to what the float network computes for some training images, without
 * augmentation: of each tensor the given percentile of its magnitudes if it is quantised signed, else of its positive
 * part; of a sharing group the largest of its tensors', for every precision alike. float_model: with the memory of
 * training, left in MODEL_EVAL_FLOAT. Fails where the network's values are not finite. */
MUST_CHECK status calibrate_clips(const model *quantized, real *values, model *float_model, const real *float_values,
                                  const dataset *data, double percentile);

enum { CALIBRATION_CAPACITY = 8 }; /* images at a time: what float_model is opened with */

#endif
