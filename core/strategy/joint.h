/* joint: each output channel chooses 0 (pruned), 2, 4 or 8 bit (arXiv 2407.01054). */
#ifndef CORE_STRATEGY_JOINT_H
#define CORE_STRATEGY_JOINT_H

#include "core/strategy/strategy.h"

extern const strategy strategy_joint;

#endif
