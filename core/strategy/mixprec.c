#include "core/strategy/mixprec.h"

#include "core/strategy/searched.h"

static const precision_choice usual = {.count = 3, .bits = {2, 4, 8}};

SEARCHED_KINDS("mixprec")

const strategy strategy_mixprec = {.entry = {.name = "mixprec",
                                             .description = "each channel 2, 4 or 8 bit, no pruning",
                                             .keys = searched_keys,
                                             .check = searched_check},
                                   .plan = plan,
                                   .kinds = kinds};
