/* fixed: every channel has the given precision: quantisation-aware training, nothing is searched. */
#ifndef CORE_STRATEGY_FIXED_H
#define CORE_STRATEGY_FIXED_H

#include "core/strategy/strategy.h"

extern const strategy strategy_fixed;

#endif
