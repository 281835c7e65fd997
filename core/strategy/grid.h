/* grid: allocations that nobody searched, beside each other: enumerated or random ones that cost about the same, each
 * fine-tuned from the warm-up of each seed, and the homogeneous ones around them. What they differ by is how much an
 * allocation matters, and what the seeds of one differ by is how much is noise (Zur et al. 2019, arXiv 1904.09872). */
#ifndef CORE_STRATEGY_GRID_H
#define CORE_STRATEGY_GRID_H

#include "core/strategy/strategy.h"

extern const strategy strategy_grid;

#endif
