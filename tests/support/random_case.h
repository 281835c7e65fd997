/* random_case: a random network with random precisions, as options for integer_case_open; a pure function of the seed.
 */
#ifndef TESTS_SUPPORT_RANDOM_CASE_H
#define TESTS_SUPPORT_RANDOM_CASE_H

#include "tests/support/integer_case.h"
#include "tests/support/random_network.h"

/* text has room for RANDOM_NETWORK_TEXT and is borrowed. */
static inline integer_case_options random_case(char *text, uint32_t seed)
{
    static const int usual_bits[] = {0, 2, 4, 8, -1}, all_bits[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1};
    static const quantizer_rules published = {.clip_percentile = 99.9},
                                 kept = {.weight_step_2 = WEIGHT_STEP_MSE,
                                         .weight_step_4 = WEIGHT_STEP_MSE,
                                         .batchnorm = BATCHNORM_KEPT,
                                         .before_add = BEFORE_ADD_SIGNED,
                                         .rounding = ROUNDING_NEAREST},
                                 kept_floor = {.batchnorm = BATCHNORM_KEPT, .before_add = BEFORE_ADD_SIGNED};
    static const quantizer_rules *const rules[] = {&published, &kept, &kept_floor};
    static const int activations[] = {8, 8, 4, 2, 5};
    random_network_write(text, seed);
    return (integer_case_options){.path = "random",
                                  .text = text,
                                  .weight_bits = seed % 3 == 0 ? all_bits : usual_bits,
                                  .activation_bits = activations[seed % 5],
                                  .quantizer = rules[seed / 2 % 3],
                                  .seed = seed,
                                  .all_pruned = seed % 11 == 0};
}

#endif
