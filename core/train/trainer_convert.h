/* trainer_convert: the state of a quantised network at its start, from the record of another task. */
#ifndef CORE_TRAIN_TRAINER_CONVERT_H
#define CORE_TRAIN_TRAINER_CONVERT_H

#include "core/train/trainer_state.h"

/* Fills t->values from the record of a warm-up of the same network (model_convert), with clips from data where the
 * settings say so. STATUS_DATA when the record does not fit. */
MUST_CHECK status trainer_convert_warmup(trainer *t, const record *warmup);

/* Fills t->values from the record of a task that trained the same network with the same candidates. STATUS_DATA when it
 * does not fit. */
MUST_CHECK status trainer_continue(trainer *t, const record *from);

/* What the last stage of that task kept (stage.keeps_state) becomes what stage 0 of this one keeps, of the same size.
 * STATUS_DATA when the record has none. */
MUST_CHECK status trainer_continue_state(trainer *t, const record *from);

/* If a stage of the task learns from it, the warm-up's network becomes the teacher; trainer_convert_warmup does this,
 * too. For starts from other tasks: stages that distil need it. STATUS_DATA as above. */
MUST_CHECK status trainer_take_teacher(trainer *t, const record *warmup);

#endif
