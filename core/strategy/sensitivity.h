/* sensitivity: an experiment, no search: does the metric by which impq lowers precisions predict what lowering one
 * does? A network at one precision is fine-tuned from the warm-up of each seed and probed, channel by channel
 * (sensitivity_stage.h). Its tasks are no points; `bitfront verdict sensitivity` reads them. */
#ifndef CORE_STRATEGY_SENSITIVITY_H
#define CORE_STRATEGY_SENSITIVITY_H

#include "core/strategy/strategy.h"

extern const strategy strategy_sensitivity;

#endif
