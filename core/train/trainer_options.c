#include "core/train/trainer_options.h"

#include "core/train/task_kind.h"

static arithmetic_rules rules_of(const settings *s)
{
    arithmetic_rules rules = arithmetic_rules_of(s->arithmetic);
    for (int i = 0; i < s->published_rule_count; i++) arithmetic_rules_publish(&rules, s->published_rules[i]);
    return rules;
}

model_options trainer_options(const trainer_inputs *in)
{
    const settings *s = in->settings;
    model_options o = {.rules = rules_of(s),
                       .quantizer = s->quantizer,
                       .sampling = s->search.sampling,
                       .keep_alive = s->search.keep_alive,
                       .start_temperature = (real)s->search.temperature,
                       .capacity = (s->batch + s->shards - 1) / s->shards,
                       .seed = in->task->seed};
    in->kind->options(&o, in);
    return o;
}
