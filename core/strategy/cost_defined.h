/* cost_defined: does an entry's cost model say what its candidates cost? */
#ifndef CORE_STRATEGY_COST_DEFINED_H
#define CORE_STRATEGY_COST_DEFINED_H

#include "core/strategy/precision_choice.h"
#include "core/strategy/strategy.h"

/* STATUS_CONFIG, naming the line, when the cost model that the entry names does not exist, or does not define one of
 * the precisions above 0 together with an activation precision of the search. */
MUST_CHECK status cost_defined_check(const settings *s, const plan_place *at, const precision_choice *choice);

#endif
