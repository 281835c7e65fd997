/* trainer_convert: the state of a quantised network at its start, from the float network of a warm-up. */
#ifndef CORE_TRAIN_TRAINER_CONVERT_H
#define CORE_TRAIN_TRAINER_CONVERT_H

#include "core/train/trainer_state.h"

/* Fills t->values from the record of a warm-up of the same network: batch-norm folded, weights compensated, clips and
 * choices at their initial values, input clips calibrated if the settings say so. STATUS_DATA when the record does not
 * fit. */
MUST_CHECK status trainer_convert_warmup(trainer *t, const record *warmup);

#endif
