#include "core/base/arithmetic.h"

arithmetic_rules arithmetic_rules_of(arithmetic which)
{
    const bool published = which == ARITHMETIC_REFERENCE;
    return (arithmetic_rules){.pact_epsilon = published,
                              .add_plain_floor = published,
                              .relu_masks_first_step = published,
                              .weight_tie_by_division = published,
                              .pruned_channels_stay = published,
                              .bias_gradient_scaled = published,
                              .clips_unguarded = published,
                              .input_clips_constant = published,
                              .published_batchnorm_momentum = published,
                              .compensation_at_temperature_one = published,
                              .published_costs = published};
}
