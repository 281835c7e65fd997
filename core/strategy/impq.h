/* impq: a whole falling curve from one trajectory without search: from 8 bit everywhere, step by step, the precisions
 * whose lowering harms the decisions least are lowered, with fine-tuning behind each step (Gonugondla and Shanbhag,
 * ICASSP 2022, pp. 66-70). Every step is a point. Differences to the published program: core/strategy/README.md. */
#ifndef CORE_STRATEGY_IMPQ_H
#define CORE_STRATEGY_IMPQ_H

#include "core/strategy/strategy.h"

extern const strategy strategy_impq;

#endif
