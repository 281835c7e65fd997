/* trainer_check: could training this task have come to this state? What a checkpoint holds is memory that steps index
 * with, so that nothing of it is believed before. */
#ifndef CORE_TRAIN_TRAINER_CHECK_H
#define CORE_TRAIN_TRAINER_CHECK_H

#include "core/base/status.h"
#include "core/train/trainer_state.h"

/* DATA, with the first thing that is impossible: a counter, a row of the curve, or a value that is not finite. */
MUST_CHECK status trainer_check(const trainer *t);

#endif
