/* widths: how many channels each layer keeps, by score functions with shared weights (Zur et al. 2019, arXiv
 * 1904.09872, after Yu et al. 2019, "Slimmable neural networks"): pruning alone, at one precision. */
#ifndef CORE_STRATEGY_WIDTHS_H
#define CORE_STRATEGY_WIDTHS_H

#include "core/strategy/strategy.h"

extern const strategy strategy_widths;

#endif
