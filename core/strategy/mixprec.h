/* mixprec: each output channel chooses 2, 4 or 8 bit (Risso et al. 2022). */
#ifndef CORE_STRATEGY_MIXPREC_H
#define CORE_STRATEGY_MIXPREC_H

#include "core/strategy/strategy.h"

extern const strategy strategy_mixprec;

#endif
