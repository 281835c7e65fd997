/* model_prepare: what a step needs once: the probabilities of the choices, the quantisers' grids, the effective
 * weights. */
#include "core/net/model/batchnorm.h"
#include "core/net/model/model.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/model_weights.h"
#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/quant/choice_bits.h"

/* Probabilities of the search; stream: of the noise (RNG_GUMBEL). */
static void sample(model *m, real *probability, real *soft, const real *logits, int precisions, int columns,
                   uint32_t step, uint32_t stream)
{
    bool noisy = m->options.sampling == SAMPLING_GUMBEL || m->options.sampling == SAMPLING_HARD_GUMBEL;
    real *noise = noisy ? m->scratch : NULL;
    if (noisy) choice_gumbel_noise(noise, (size_t)precisions * (size_t)columns, m->options.seed, step, stream);
    choice_sample(probability, soft, logits, noise, model_samples_hard(m), precisions, columns, m->temperature);
}

static void prepare_bits(const model *m, const model_weight_group *group, const real *choice)
{
    if (m->mode == MODEL_SOFT) {
        choice_bits_mix(group->probability, group->soft, choice, group->bits, group->precisions, group->columns);
        return;
    }
    choice_bits_nearest(group->probability, choice, group->bits, group->precisions, group->columns);
    if (m->options.keep_alive && group->bits[0] == 0)
        choice_bits_keep_alive(group->probability, choice, group->precisions, group->columns);
}

static void prepare_groups(model *m, const real *values, uint32_t step)
{
    for (int i = 0; i < m->graph->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        if (group->precisions == 0) continue;
        const real *logits = model_view(m, values, group->logits);
        if (m->options.sampling == SAMPLING_BITS) {
            prepare_bits(m, group, logits);
            continue;
        }
        if (m->mode == MODEL_SOFT) {
            sample(m, group->probability, group->soft, logits, group->precisions, group->columns, step,
                   2 * (uint32_t)i);
            if (!model_samples_hard(m)) continue;
        } else {
            choice_onehot(group->probability, logits, group->precisions, group->columns);
        }
        if (m->options.keep_alive && group->bits[0] == 0 && group->precisions > 1)
            choice_keep_alive(group->probability, logits, group->precisions, group->columns);
    }
}

/* The image has closed levels always: its largest value is a code. */
static void apply_rules(pact *grid, const model *m, int index, const int *bits)
{
    const quantizer_rules *rules = &m->options.quantizer;
    if (rules->levels == LEVELS_OPEN && index < m->graph->group_count) act_quant_open_levels(grid, bits);
    if (rules->rounding == ROUNDING_NEAREST) act_quant_round_to_nearest(grid);
    if (rules->rounding == ROUNDING_EVEN) act_quant_round_to_even(grid);
}

/* In a discrete mode only the chosen precision is computed; `chosen` says where its clip is. */
static void prepare_quantizer(model *m, int index, const real *values, uint32_t step)
{
    model_quantizer *q = &m->quantizers[index];
    const real *logits = model_view(m, values, q->logits), *clips = model_view(m, values, q->clips);
    real low = q->low >= 0 ? *model_view(m, values, q->low) : 0;
    int first = 0, count = q->precisions;
    q->chosen = -1;
    if (m->mode == MODEL_SOFT && model_counts_bits(m, q)) {
        choice_bits_mix(q->probability, q->soft, logits, q->bits, q->precisions, 1);
    } else if (m->mode == MODEL_SOFT) {
        sample(m, q->probability, q->soft, logits, q->precisions, 1, step, 2 * (uint32_t)index + 1);
    } else {
        if (model_counts_bits(m, q))
            choice_bits_nearest(q->probability, logits, q->bits, q->precisions, 1);
        else
            choice_onehot(q->probability, logits, q->precisions, 1);
        for (first = 0; q->probability[first] == 0; first++) {
        }
        q->chosen = first;
        count = 1;
    }
    const int *bits = q->bits + first;
    const real *clip = clips + first, *probability = q->probability + first;
    act_quant_prepare(&q->behind_layer, count, bits, clip, low, probability, ACT_BEHIND_LAYER, &m->options.rules);
    act_quant_prepare(&q->behind_add, count, bits, clip, low, probability, ACT_BEHIND_ADD, &m->options.rules);
    apply_rules(&q->behind_layer, m, index, bits);
    apply_rules(&q->behind_add, m, index, bits);
    q->step = act_quant_step(&q->behind_layer);
    real mixed = 0;
    for (int j = 0; j < count; j++) mixed += probability[j] * clip[j];
    act_quant_prepare_signed(&q->before_add, mixed, m->options.quantizer.levels);
}

void model_prepare(model *m, const real *values, model_mode mode, real temperature, uint32_t step)
{
    m->mode = mode;
    m->temperature = temperature;
    if (mode == MODEL_TRAIN_FLOAT) return; /* multiplies with the values themselves */
    if (mode != MODEL_EVAL_FLOAT) {
        prepare_groups(m, values, step);
        for (int q = 0; q <= m->graph->group_count; q++)
            if (m->quantizers[q].used) prepare_quantizer(m, q, values, step);
    }
    for (int i = 0; i < m->graph->layer_count; i++) {
        model_node *node = &m->nodes[i];
        if (node->weight < 0) continue;
        if (mode == MODEL_EVAL_FLOAT)
            batchnorm_fold(node->effective_weight, node->effective_bias, m, values, i);
        else
            model_weights_prepare(m, values, i);
    }
}
