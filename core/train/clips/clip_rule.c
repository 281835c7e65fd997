#include "core/train/clips/clip_rule.h"

#define CLIP_RULE_DECLARATION(constant, name, help) extern const clip_rule clip_rule_##name;
CLIP_RULE_LIST(CLIP_RULE_DECLARATION)

#define CLIP_RULE_PLACE(constant, name, help) [CLIPS_##constant] = &clip_rule_##name,
static const clip_rule *const table[] = {CLIP_RULE_LIST(CLIP_RULE_PLACE)};

const clip_rule *clip_rule_of(const quantizer_rules *rules)
{
    return table[rules->clips];
}

void clip_rule_follow(const model *m, real *values, int steps, int steps_per_epoch)
{
    if (!m->options.quantized || clip_rule_of(&m->options.quantizer)->follow == NULL) return;
    if (steps % CLIPS_FOLLOW_STEPS == 0 || steps == steps_per_epoch)
        clip_rule_of(&m->options.quantizer)->follow(m, values);
}
