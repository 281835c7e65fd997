/* impq_leg: a step of a trajectory that only ever lowers precisions (Gonugondla and Shanbhag, ICASSP 2022): the gains
 * of the network as it is (core/train/gains.h), then the groups whose next lower precision does the least harm get it,
 * then fine-tuning. What harm is: impq_harm.h. */
#ifndef CORE_STRATEGY_IMPQ_LEG_H
#define CORE_STRATEGY_IMPQ_LEG_H

#include "core/strategy/impq_options.h"
#include "core/train/stage.h"

/* Which of a leg's precisions are lowered. */
extern const stage impq_weights_stage, impq_activations_stage, impq_both_stage;

#endif
