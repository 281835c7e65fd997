/* quantizer_rules: how the quantised network is built and its quantisers find their grids, as named rules that can be
 * chosen one by one. All zero is the published method, which arithmetic.h may correct; every other rule is for exact
 * arithmetic. Codes, sizes and costs of a network do not depend on them. */
#ifndef CORE_BASE_QUANTIZER_RULES_H
#define CORE_BASE_QUANTIZER_RULES_H

#include "core/base/clip_rule_list.h"
#include "core/base/weight_quantizer_list.h"

/* The weight quantiser (core/quant/weight_quantizer.h): WEIGHT_STEP_MINMAX, ... */
#define WEIGHT_STEP_CONSTANT(constant, name, help) WEIGHT_STEP_##constant,
typedef enum { WEIGHT_QUANTIZER_LIST(WEIGHT_STEP_CONSTANT) WEIGHT_STEP_RULES } weight_step_rule;

/* "folded": batch-norm becomes part of the weights before the search | "kept": it stays, and is folded exactly for
 * every evaluation (core/net/model/model_weights.h). */
typedef enum { BATCHNORM_FOLDED, BATCHNORM_KEPT } batchnorm_rule;

/* What goes into an add from a layer without ReLU: "rectified" by the unsigned quantiser | "signed", 8 bit. */
typedef enum { BEFORE_ADD_RECTIFIED, BEFORE_ADD_SIGNED } before_add_rule;

/* Where activation clips come from (core/train/clips/clip_rule.h): CLIPS_CONSTANT, ... */
#define CLIP_RULE_CONSTANT(constant, name, help) CLIPS_##constant,
typedef enum { CLIP_RULE_LIST(CLIP_RULE_CONSTANT) CLIP_RULES } clips_rule;

/* Activation codes: "floor" | "nearest", half a step up | "even", half a step to the even code. */
typedef enum { ROUNDING_FLOOR, ROUNDING_NEAREST, ROUNDING_EVEN } rounding_rule;

/* Levels of activations of b bit: "closed", 0 ... clip in 2^b - 1 steps | "open", 2^b steps, the last level one below
 * the clip. */
typedef enum { LEVELS_CLOSED, LEVELS_OPEN } levels_rule;

typedef struct {
    weight_step_rule weight_step_2, weight_step_4, weight_step_8;
    batchnorm_rule batchnorm;
    before_add_rule before_add;
    clips_rule clips;
    double clip_percentile; /* of CLIPS_DATA: 100 is the largest value */
    rounding_rule rounding;
    levels_rule levels;
} quantizer_rules;

/* Of a precision of 1 ... 8 bit: that of the next of 2, 4, 8 bit which is not below it. */
static inline weight_step_rule quantizer_weight_step(const quantizer_rules *rules, int bits)
{
    return bits <= 2 ? rules->weight_step_2 : bits <= 4 ? rules->weight_step_4 : rules->weight_step_8;
}

#endif
