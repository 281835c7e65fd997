#include "core/strategy/joint.h"

#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 4, .bits = {0, 2, 4, 8}};

SEARCHED_KINDS("joint")

const strategy strategy_joint = {
    .entry = {.name = "joint",
              .description = "each channel 0 (pruned), 2, 4 or 8 bit: pruning and precision together (the method)",
              .keys = searched_keys,
              .check = searched_check},
    .plan = plan,
    .kinds = kinds};
