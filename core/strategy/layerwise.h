/* layerwise: all channels of a sharing group choose one of 2, 4, 8 bit (as Cai and Vasconcelos 2020, EdMIPS). */
#ifndef CORE_STRATEGY_LAYERWISE_H
#define CORE_STRATEGY_LAYERWISE_H

#include "core/strategy/strategy.h"

extern const strategy strategy_layerwise;

#endif
