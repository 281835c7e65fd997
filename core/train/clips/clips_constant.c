/* clips_constant: as published with PACT (METHOD.md 2.2): one constant for all, then trained. */
#include "core/train/clips/clip_rule.h"

extern const clip_rule clip_rule_constant;
const clip_rule clip_rule_constant = {.trained = true};
