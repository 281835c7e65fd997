/* sample: precisions by score functions, without a gradient through the choice (Zur et al. 2019, arXiv 1904.09872): an
 * unbiased control for soft choices in the same space. */
#ifndef CORE_STRATEGY_SAMPLE_H
#define CORE_STRATEGY_SAMPLE_H

#include "core/strategy/strategy.h"

extern const strategy strategy_sample;

#endif
