#include "core/strategy/sensitivity_stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/model/model_allocation.h"
#include "core/strategy/impq_harm.h"
#include "core/train/gains.h"
#include "core/train/trainer_split.h"

/* Reals of a row: channel + 1 (0: no row), mismatch, shift, harms. */
enum { METRICS = IMPQ_RELEASED + 1, ROW = 3 + METRICS };
static const double GAP_PERCENTILE = 5;

typedef struct {
    trainer *t;
    const ranks_view *ranks;
    gains gains;
    allocation at;
    int channels, images;
    double *loss;           /* (ALLOCATION_MAX_WEIGHT_BITS + 1, channels) impq_harm_fill */
    real *logits, *lowered; /* (images, classes) each: before anything is lowered, and of the network in hand */
    int32_t *order;         /* (count) channels that can be lowered, in random order */
    int32_t count;          /* of them */
    real *effects;          /* (kernels, 2) mismatch and shift, and one slot for the ranks' sum */
} measure;

static const sensitivity_options *options_of(const trainer *t)
{
    return sensitivity_options_of(&t->in.settings->entries[t->in.task->entry]);
}

static size_t state_reals(const trainer *t)
{
    return (size_t)options_of(t)->kernels * ROW;
}

/* ---- one network ---- */

/* Adds what an image's logits are off those of before. */
static void compare(double sums[2], const real *before, const real *after, int classes, double smallest_gap)
{
    const int decided = gains_decision(before, classes);
    sums[0] += gains_decision(after, classes) != decided;
    for (int k = 0; k < classes; k++) {
        const double gap = (double)before[decided] - (double)before[k];
        const double moved = (double)after[decided] - (double)after[k] - gap;
        if (k != decided) sums[1] += pow(moved / fmax(gap, smallest_gap), 2);
    }
}

/* Logits of the network as its choices are. */
static void run_network(real *logits, measure *m)
{
    trainer *t = m->t;
    model_prepare(&t->network, t->values, MODEL_EVAL_HARD, 1, 0);
    trainer_split_logits(logits, t, SPLIT_VALIDATION, m->ranks);
}

/* ---- one channel after the other ---- */

static int group_of(const measure *m, int channel)
{
    int group = 0;
    while (m->at.first[group + 1] <= channel) group++;
    return group;
}

static int next_below(const model_weight_group *group, int present)
{
    int next = -1;
    for (int p = 0; p < group->precisions; p++)
        if (group->bits[p] < present) next = group->bits[p];
    return next;
}

static void lower_one(measure *m, int i)
{
    trainer *t = m->t;
    const int channel = m->order[i], group = group_of(m, channel), present = m->at.weight_bits[channel];
    double sums[2] = {0, 0};
    m->at.weight_bits[channel] = (int8_t)next_below(&t->network.groups[group], present);
    model_allocation_write_group(&t->network, t->values, group, allocation_of_group(&m->at, group));
    run_network(m->lowered, m);
    const int classes = t->in.graph->classes;
    for (int k = 0; k < m->images; k++)
        compare(sums, m->logits + (size_t)k * (size_t)classes, m->lowered + (size_t)k * (size_t)classes, classes,
                m->gains.smallest_gap);
    m->at.weight_bits[channel] = (int8_t)present;
    model_allocation_write_group(&t->network, t->values, group, allocation_of_group(&m->at, group));
    for (int k = 0; k < 2; k++) m->effects[2 * i + k] = (real)(sums[k] / m->images);
}

/* Channels are shared out over the ranks; each number is held by one and zero elsewhere, so their sum is exact. */
static status lower_all(measure *m, int kernels)
{
    const model *net = &m->t->network;
    for (int i = 0; i < net->graph->group_count; i++) /* which channels a rank lowers leaves no trace in its choices */
        if (net->groups[i].precisions > 0)
            model_allocation_write_group(net, m->t->values, i, allocation_of_group(&m->at, i));
    run_network(m->logits, m);
    for (int i = m->ranks->rank; i < kernels; i += m->ranks->size) lower_one(m, i);
    model_prepare(&m->t->network, m->t->values, MODEL_EVAL_HARD, 1, 0);
    return m->ranks->sum != NULL ? m->ranks->sum(m->ranks->ctx, m->effects, 2 * (size_t)kernels, status_ok())
                                 : status_ok();
}

static status predict(measure *m, real *own, int kernels)
{
    for (int metric = 0; metric < METRICS; metric++) {
        TRY(impq_harm_fill(m->loss, &m->t->network, m->t->values, &m->gains, &m->at, (impq_metric)metric));
        for (int i = 0; i < kernels; i++) {
            const int channel = m->order[i], present = m->at.weight_bits[channel];
            const int next = next_below(&m->t->network.groups[group_of(m, channel)], present);
            own[i * ROW + 3 + metric] =
                (real)impq_harm_of_step(m->loss, &m->gains, m->channels, channel, present, next, (impq_metric)metric);
        }
    }
    return status_ok();
}

/* The channels that can be lowered, shuffled. */
static void choose_channels(measure *m, int32_t *shuffle)
{
    const trainer *t = m->t;
    int32_t *all = shuffle + m->channels;
    for (int c = 0; c < m->channels; c++)
        if (next_below(&t->network.groups[group_of(m, c)], m->at.weight_bits[c]) >= 0) all[m->count++] = c;
    trainer_shuffle(shuffle, m->count, t);
    for (int i = 0; i < m->count; i++) m->order[i] = all[shuffle[i]];
}

static status open_measure(measure *m)
{
    const trainer *t = m->t;
    const graph *g = t->in.graph;
    TRY(allocation_new(&m->at, g));
    model_allocation_read(&m->at, &t->network);
    m->channels = m->at.first[g->group_count];
    m->images = t->in.data->split_count[SPLIT_VALIDATION];
    m->loss = calloc((size_t)m->channels * (ALLOCATION_MAX_WEIGHT_BITS + 1), sizeof *m->loss);
    m->logits = calloc(2 * (size_t)m->images * (size_t)g->classes + 1, sizeof *m->logits);
    m->order = calloc(3 * (size_t)m->channels + 1, sizeof *m->order);
    m->effects = calloc(2 * (size_t)options_of(t)->kernels + 1, sizeof *m->effects);
    if (m->loss == NULL || m->logits == NULL || m->order == NULL || m->effects == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the sensitivities of %s", g->name);
    m->lowered = m->logits + (size_t)m->images * (size_t)g->classes;
    choose_channels(m, m->order + m->channels);
    return status_ok();
}

static void close_measure(measure *m)
{
    free(m->effects);
    free(m->order);
    free(m->logits);
    free(m->loss);
    allocation_free(&m->at);
    gains_free(&m->gains);
}

static status measure_all(measure *m, real *own)
{
    status s = open_measure(m);
    const int most = options_of(m->t)->kernels, kernels = m->count < most ? m->count : most;
    if (!failed(s)) s = predict(m, own, kernels);
    if (!failed(s)) s = lower_all(m, kernels);
    for (int i = 0; i < kernels && !failed(s); i++) {
        own[i * ROW] = (real)(m->order[i] + 1);
        memcpy(own + i * ROW + 1, m->effects + 2 * i, 2 * sizeof *own);
    }
    return s;
}

/* Learned steps are those of one precision: for the measurement all follow from the weights. */
static status epoch_begin(trainer *t, const ranks_view *g, real *own)
{
    if (t->counters.epoch > 0) return status_ok();
    const sensitivity_options *o = options_of(t);
    const gains_rules rules = {.images = o->samples,
                               .runners_up = t->in.graph->classes - 1,
                               .exact = o->exact != 0,
                               .repeats = o->repeats,
                               .percentile = GAP_PERCENTILE};
    const bool learned = t->network.steps_learned;
    measure m = {.t = t, .ranks = g};
    t->network.steps_learned = false;
    status s = gains_measure(&m.gains, t, g, &rules);
    if (!failed(s)) {
        s = measure_all(&m, own);
        close_measure(&m);
    }
    t->network.steps_learned = learned;
    return s;
}

bool sensitivity_read(sensitivity_row *out, const record *from, int i)
{
    for (int k = 0; k < from->tensor_count; k++) {
        const record_tensor *kept = &from->tensors[k];
        if (strcmp(kept->name, TRAINER_STATE_TENSOR) != 0 || kept->rank != 1) continue;
        if ((size_t)(i + 1) * ROW > kept->dims[0] || kept->data[i * ROW] <= 0) return false;
        const float *row = kept->data + (size_t)i * ROW;
        *out = (sensitivity_row){.channel = (int)row[0] - 1, .mismatch = (double)row[1], .shift = (double)row[2]};
        for (int metric = 0; metric < METRICS; metric++) out->harm[metric] = (double)row[3 + metric];
        return true;
    }
    return false;
}

static const phase_settings *settings_of(const settings *s)
{
    return &s->finetune;
}

const stage sensitivity_stage = {.name = "sensitivity",
                                 .phase = PHASE_FINETUNE,
                                 .draws = 7,
                                 .mode = MODEL_HARD,
                                 .compact = true,
                                 .keeps_last = true,
                                 .keeps_state = true,
                                 .task_length = true,
                                 .settings = settings_of,
                                 .state_reals = state_reals,
                                 .epoch_begin = epoch_begin};
