#include "core/strategy/searched.h"

#include <assert.h>

#include "core/train/stage_finetune.h"
#include "core/train/stage_search.h"
#include "core/train/trainer_convert.h"

void searched_options(model_options *o, const trainer_inputs *in, const int *bits, int count, bool per_layer)
{
    const search_settings *s = &in->settings->search;
    o->quantized = true;
    o->per_layer = per_layer;
    o->weight_count = count;
    for (int i = 0; i < count; i++) o->weight_bits[i] = bits[i];
    o->activation_count = s->activation_count;
    o->input_count = s->input_count;
    for (int i = 0; i < s->activation_count; i++) o->activation_bits[i] = s->activation_bits[i];
    for (int i = 0; i < s->input_count; i++) o->input_bits[i] = s->input_bits[i];
}

status searched_start(trainer *t, const record *const *parents, int count)
{
    assert(count == 1);
    (void)count;
    return trainer_convert_warmup(t, parents[0]);
}

const stage *const searched_stages[] = {&stage_search, &stage_finetune, NULL};
