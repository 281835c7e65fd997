/* group_choice: what a sharing group chooses, as cost models read it. */
#ifndef CORE_COST_GROUP_CHOICE_H
#define CORE_COST_GROUP_CHOICE_H

#include "core/cost/cost_model.h"

/* The expected choice of one sharing group, or (in a slope) the derivative by the probability of one channel at that
 * precision and by the probability of an activation precision. */
typedef struct {
    double channels[COST_WEIGHT_BITS];       /* channels at each number of bits */
    double activation[COST_ACTIVATION_BITS]; /* probabilities of each number of bits */
} group_choice;

#endif
