/* trunk: a whole front from one trajectory. From the warm-up a trunk of legs is trained while the budget falls from the
 * unpruned 8-bit network's to the smallest target, and at each target a branch is forked and fine-tuned: the point that
 * meets it. A point costs a leg and a branch instead of a search; branches run while the trunk goes on. */
#ifndef CORE_STRATEGY_TRUNK_H
#define CORE_STRATEGY_TRUNK_H

#include "core/strategy/strategy.h"

extern const strategy strategy_trunk;

#endif
