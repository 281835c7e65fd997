#include "core/base/arithmetic.h"

#include <stddef.h>
#include <string.h>

#define ARITHMETIC_RULES(RULE)                                                                                         \
    RULE(pact_epsilon)                                                                                                 \
    RULE(add_plain_floor)                                                                                              \
    RULE(relu_masks_first_step)                                                                                        \
    RULE(weight_tie_by_division)                                                                                       \
    RULE(pruned_channels_stay)                                                                                         \
    RULE(bias_gradient_scaled)                                                                                         \
    RULE(clips_unguarded)                                                                                              \
    RULE(input_clips_constant)                                                                                         \
    RULE(published_batchnorm_momentum)                                                                                 \
    RULE(compensation_at_temperature_one)                                                                              \
    RULE(published_costs)

#define RULE_NAME(rule) #rule,
const char *const arithmetic_rule_names[] = {ARITHMETIC_RULES(RULE_NAME) NULL};

#define RULE_PLACE(rule) offsetof(arithmetic_rules, rule),
static const size_t places[] = {ARITHMETIC_RULES(RULE_PLACE)};
_Static_assert(sizeof(arithmetic_rules) == sizeof places / sizeof *places * sizeof(bool), "a rule without a name");

static void publish(arithmetic_rules *rules, size_t place)
{
    *(bool *)((char *)rules + place) = true;
}

arithmetic_rules arithmetic_rules_of(arithmetic which)
{
    arithmetic_rules rules = {.pact_epsilon = false};
    if (which == ARITHMETIC_REFERENCE)
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) publish(&rules, places[i]);
    return rules;
}

bool arithmetic_rules_publish(arithmetic_rules *rules, const char *name)
{
    for (size_t i = 0; arithmetic_rule_names[i] != NULL; i++) {
        if (strcmp(arithmetic_rule_names[i], name) != 0) continue;
        publish(rules, places[i]);
        return true;
    }
    return false;
}
