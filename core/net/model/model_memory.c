#include "core/net/model/model_memory.h"

#include <stdio.h>

enum { TENSOR_ALIGNMENT = 16 }; /* reals: tensors start on a vector */

static int add_tensor(model_layout *layout, model_role role, const char *owner, const char *what, int rank,
                      const size_t dims[4])
{
    model_tensor *t = &layout->tensors[layout->tensor_count];
    t->role = role;
    snprintf(t->name, sizeof t->name, "%s.%s", owner, what);
    t->rank = rank;
    t->count = 1;
    for (int i = 0; i < rank; i++) {
        t->dims[i] = dims[i];
        t->count *= dims[i];
    }
    t->offset = layout->total;
    layout->total += (t->count + TENSOR_ALIGNMENT - 1) / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
    return layout->tensor_count++;
}

static int add_vector(model_layout *layout, model_role role, const char *owner, const char *what, size_t count)
{
    return add_tensor(layout, role, owner, what, 1, (size_t[4]){count});
}

static int add_weight(model_layout *layout, const layer_spec *l)
{
    size_t c = (size_t)l->in_channels, o = (size_t)l->out_channels, h = (size_t)l->kernel_h, w = (size_t)l->kernel_w;
    if (l->kind == LAYER_LINEAR) return add_tensor(layout, ROLE_WEIGHT, l->name, "weight", 2, (size_t[4]){c, o});
    if (l->kind == LAYER_DEPTHWISE) return add_tensor(layout, ROLE_WEIGHT, l->name, "weight", 3, (size_t[4]){h, w, c});
    return add_tensor(layout, ROLE_WEIGHT, l->name, "weight", 4, (size_t[4]){h, w, c, o});
}

/* Name of the first layer with an output in the group: it owns clips and choices. */
static const char *group_owner(const graph *g, int group)
{
    for (int i = 0; i < g->layer_count; i++)
        if (g->layers[i].group == group && g->layers[i].kind != LAYER_IMAGE) return g->layers[i].name;
    return "image";
}

static bool has_norm(const model *m, const layer_spec *l)
{
    return l->batchnorm && (!m->options.quantized || m->options.quantizer.batchnorm == BATCHNORM_KEPT);
}

static void plan_weights(model *m)
{
    const graph *g = m->graph;
    bool quantized = m->options.quantized;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        model_node *node = &m->nodes[i];
        node->weight = node->bias = node->gamma = node->beta = node->mean = node->variance = -1;
        if (!layer_has_weights(l)) continue;
        size_t channels = (size_t)l->out_channels;
        node->rows = model_weight_rows(l);
        node->weight = add_weight(&m->layout, l);
        bool norm = has_norm(m, l); /* its shift is the bias of a quantised layer */
        if (quantized ? !norm : l->bias) node->bias = add_vector(&m->layout, ROLE_BIAS, l->name, "bias", channels);
        if (!norm) continue;
        node->gamma = add_vector(&m->layout, ROLE_NORM, l->name, "bn_gamma", channels);
        node->beta = add_vector(&m->layout, ROLE_NORM, l->name, "bn_beta", channels);
    }
    m->layout.decayed = m->layout.total;
}

static void plan_clips(model *m)
{
    const graph *g = m->graph;
    for (int q = 0; q <= g->group_count; q++) {
        model_quantizer *quantizer = &m->quantizers[q];
        quantizer->logits = quantizer->clips = quantizer->low = -1;
        if (!quantizer->used) continue;
        const char *owner = q == g->group_count ? "image" : group_owner(g, q);
        quantizer->clips = add_vector(&m->layout, ROLE_CLIP, owner, "clip", (size_t)quantizer->precisions);
        if (q == g->group_count && g->input_signed)
            quantizer->low = add_vector(&m->layout, ROLE_CLIP, owner, "clip_low", 1);
    }
}

static void plan_steps(model *m)
{
    const bool learned = m->options.quantized && weight_quantizer_learns(&m->options.quantizer);
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        m->nodes[i].log_step = -1;
        if (learned && layer_has_weights(l))
            m->nodes[i].log_step =
                add_vector(&m->layout, ROLE_STEP, l->name, "weight_log_step", (size_t)l->out_channels);
    }
    m->layout.clips = m->layout.total;
}

static void plan_choices(model *m)
{
    const graph *g = m->graph;
    for (int i = 0; i < g->group_count; i++) {
        model_weight_group *group = &m->groups[i];
        group->logits = -1;
        if (group->precisions == 0) continue;
        size_t dims[4] = {(size_t)group->precisions, (size_t)group->columns};
        group->logits = add_tensor(&m->layout, ROLE_CHOICE, group_owner(g, i), "weight_choice", 2, dims);
    }
    for (int q = 0; q <= g->group_count; q++) {
        model_quantizer *quantizer = &m->quantizers[q];
        if (!quantizer->used) continue;
        const char *owner = q == g->group_count ? "image" : group_owner(g, q);
        quantizer->logits =
            add_vector(&m->layout, ROLE_CHOICE, owner, "activation_choice", (size_t)quantizer->precisions);
    }
    m->layout.choices = m->layout.total;
}

static void plan_running(model *m)
{
    const graph *g = m->graph;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!has_norm(m, l)) continue;
        m->nodes[i].mean = add_vector(&m->layout, ROLE_RUNNING, l->name, "bn_mean", (size_t)l->out_channels);
        m->nodes[i].variance = add_vector(&m->layout, ROLE_RUNNING, l->name, "bn_variance", (size_t)l->out_channels);
    }
}

size_t model_most_tensors(const graph *g)
{
    return (size_t)g->layer_count * 7 + (size_t)(g->group_count + 1) * 4;
}

void model_layout_plan(model *m)
{
    m->layout = (model_layout){.tensors = m->layout.tensors};
    plan_weights(m);
    plan_clips(m);
    plan_steps(m);
    plan_choices(m);
    plan_running(m);
}

/* A tensor before its quantiser or batch-norm is kept apart when both are needed by the backward pass. A sum is
 * computed again from what was added. */
static bool needs_raw(const model *m, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    if (m->nodes[index].quantizer >= 0) return l->kind != LAYER_ADD;
    return layer_has_weights(l) && (l->batchnorm || l->relu);
}

static size_t activation_values(const model *m, int index)
{
    return (size_t)m->options.capacity * model_image_values(&m->graph->layers[index]);
}

/* Everything is kept for the backward pass. */
static void carve_training(model *m)
{
    size_t blocks = 0;
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        model_node *node = &m->nodes[i];
        size_t values = activation_values(m, i);
        node->out = arena_reals(&m->activations, values);
        node->raw = needs_raw(m, i) ? arena_reals(&m->activations, values) : node->out;
        node->dout = arena_reals(&m->activations, values);
        const size_t need = batchnorm_pact_blocks(values / (size_t)l->out_channels, l->out_channels);
        if (node->gamma >= 0 && node->quantizer >= 0 && need > blocks) blocks = need;
    }
    m->norm_blocks = arena_bytes(&m->activations, size_product(blocks, sizeof *m->norm_blocks));
}

/* Pieces of memory that activations take turns in. */
typedef struct {
    int count;
    struct {
        size_t values;
        int busy_until; /* the last node that reads what is in it */
    } slots[2 * GRAPH_MAX_LAYERS];
} slot_table;

/* A slot for `values` that node `now` writes and `last` reads: the smallest free one that fits, else the largest free
 * one, which grows, else a new one. So a slot is never larger than its largest activation. */
static int take_slot(slot_table *table, size_t values, int now, int last)
{
    int best = -1;
    for (int s = 0; s < table->count; s++) {
        if (table->slots[s].busy_until >= now) continue;
        size_t size = table->slots[s].values;
        if (best < 0 || (table->slots[best].values < values ? size > table->slots[best].values
                                                            : size >= values && size < table->slots[best].values))
            best = s;
    }
    if (best < 0) best = table->count++;
    if (table->slots[best].values < values) table->slots[best].values = values;
    table->slots[best].busy_until = last;
    return best;
}

static void carve_evaluation(model *m)
{
    const graph *g = m->graph;
    int last_reader[GRAPH_MAX_LAYERS], out_slot[GRAPH_MAX_LAYERS], raw_slot[GRAPH_MAX_LAYERS];
    for (int i = 0; i < g->layer_count; i++)
        for (int j = 0; j < g->layers[i].input_count; j++) last_reader[g->layers[i].inputs[j]] = i;
    last_reader[g->layer_count - 1] = g->layer_count; /* the caller */

    slot_table table = {0};
    for (int i = 0; i < g->layer_count; i++) {
        size_t values = activation_values(m, i);
        out_slot[i] = raw_slot[i] = take_slot(&table, values, i, last_reader[i]);
        /* a quantiser works in place */
        if (needs_raw(m, i) && m->nodes[i].quantizer < 0) raw_slot[i] = take_slot(&table, values, i, i);
    }
    real *memory[2 * GRAPH_MAX_LAYERS];
    for (int s = 0; s < table.count; s++) memory[s] = arena_reals(&m->activations, table.slots[s].values);
    for (int i = 0; i < g->layer_count; i++) {
        m->nodes[i].out = memory[out_slot[i]];
        m->nodes[i].raw = memory[raw_slot[i]];
        m->nodes[i].dout = NULL;
    }
}

/* Effective weights and probabilities; returns the scratch that the layers need. */
static size_t carve_parameters(model *m)
{
    const graph *g = m->graph;
    size_t scratch = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        model_node *node = &m->nodes[i];
        if (!layer_has_weights(l)) continue;
        size_t channels = (size_t)l->out_channels;
        node->effective_weight = arena_reals(&m->memory, layer_weight_count(l));
        node->effective_bias = arena_reals(&m->memory, channels);
        node->step = arena_reals(&m->memory, channels);
        node->steps = arena_reals(&m->memory, (size_t)m->groups[l->group].precisions * channels);
        node->gradient_bits = arena_bytes(&m->memory, channels);
        node->effective_gamma = arena_reals(&m->memory, channels);
        node->effective_beta = arena_reals(&m->memory, channels);
        node->shard_mean = arena_reals(&m->memory, channels);
        node->shard_variance = arena_reals(&m->memory, channels);
        size_t need = conv_scratch_most(&node->shape); /* a narrower network fits in, too */
        scratch = need > scratch ? need : scratch;
        if (channels * WEIGHT_PRECISIONS > scratch) scratch = channels * WEIGHT_PRECISIONS;
    }
    for (int i = 0; i < g->group_count; i++) {
        size_t count = (size_t)m->groups[i].precisions * (size_t)m->groups[i].columns;
        m->groups[i].probability = arena_reals(&m->memory, count);
        m->groups[i].dprobability = arena_reals(&m->memory, count);
        const bool own_soft = model_samples_hard(m) || m->options.sampling == SAMPLING_BITS;
        m->groups[i].soft = own_soft ? arena_reals(&m->memory, count) : m->groups[i].probability;
    }
    return scratch;
}

void model_memory_carve(model *m, model_use use)
{
    m->memory.used = m->activations.used = 0;
    size_t scratch = carve_parameters(m);
    m->scratch = arena_reals(&m->activations, scratch);
    if (use == MODEL_FOR_TRAINING)
        carve_training(m);
    else
        carve_evaluation(m);
}
