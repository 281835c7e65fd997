/* clip_rule_list: the only list of the rules for activation clips that a configuration may name. A new one is a file in
 * core/train/clips with the object clip_rule_NAME (clip_rule.h there) and a line here: constants, keys, help and the
 * table follow from it. The first is the default; the order is that of the enumeration, so append. */
#ifndef CORE_BASE_CLIP_RULE_LIST_H
#define CORE_BASE_CLIP_RULE_LIST_H

/* ONE(constant CLIPS_..., name, help) */
#define CLIP_RULE_LIST(ONE)                                                                                            \
    ONE(CONSTANT, constant, "6 at the start, trained")                                                                 \
    ONE(DATA, data, "at the start what the float network computes for training images, trained")                       \
    ONE(BATCHNORM, batchnorm, "from batch-norm, 6 deviations above the mean, not trained; needs batchnorm = kept")     \
    ONE(SPREAD, spread, "mean and 3 standard deviations of what the float network computes, not trained")

#endif
