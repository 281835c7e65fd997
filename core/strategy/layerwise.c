#include "core/strategy/layerwise.h"

#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 3, .bits = {2, 4, 8}, .whole_groups = true};

SEARCHED_KINDS("layerwise")

const strategy strategy_layerwise = {
    .entry = {.name = "layerwise",
              .description = "one of 2, 4, 8 bit for each sharing group, no pruning (EdMIPS-like)",
              .keys = searched_keys,
              .check = searched_check},
    .plan = plan,
    .kinds = kinds};
