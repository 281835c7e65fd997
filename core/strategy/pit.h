/* pit: structured pruning of the float network by trainable masks (pit_mask.h); what is left is fine-tuned as float,
 * and then at fixed precisions, a point each. pit_mixprec: the sequential flow, a search among precisions that starts
 * from a pruned network; what is pruned stays so. */
#ifndef CORE_STRATEGY_PIT_H
#define CORE_STRATEGY_PIT_H

#include "core/strategy/strategy.h"

extern const strategy strategy_pit, strategy_pit_mixprec;

#endif
