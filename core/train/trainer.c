#include "core/train/trainer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/strategy/strategy.h"
#include "core/train/calibrate.h"
#include "core/train/piece.h"
#include "core/train/schedule.h"
#include "core/train/trainer_state.h"

enum { FINEST_BITS = 8, EPOCHS_PER_PHASE = 1000000 }; /* the second: larger than any number of epochs */

const phase_settings *trainer_phase(const trainer *t)
{
    const settings *s = t->in.settings;
    return t->counters.phase == PHASE_WARMUP   ? &s->warmup
           : t->counters.phase == PHASE_SEARCH ? &s->search_phase
                                               : &s->finetune;
}

int trainer_draw_epoch(const trainer *t)
{
    return t->counters.phase * EPOCHS_PER_PHASE + t->counters.epoch;
}

double trainer_cost(trainer *t)
{
    if (t->cost == NULL) return 0;
    cost_choice_read(t->choices, &t->network);
    return cost_total(t->cost, t->in.graph, t->choices, t->network.options.rules.published_costs, NULL);
}

double trainer_strength(const trainer *t)
{
    if (t->cost == NULL) return 0;
    const settings *s = t->in.settings;
    return t->cost_scale * schedule_strength(t->in.task->strength, s->search.strength_incremental, t->counters.epoch,
                                             s->search_phase.epochs);
}

static bool is_warmup(const trainer *t)
{
    return t->in.task->kind == TASK_WARMUP;
}

static int shard_capacity(const settings *s)
{
    return (s->batch + s->shards - 1) / s->shards;
}

static size_t parameter_count(const graph *g)
{
    size_t count = 0;
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i])) count += layer_weight_count(&g->layers[i]);
    return count;
}

static int steps_per_epoch(const trainer *t)
{
    int count = t->in.data->split_count[SPLIT_TRAIN], batch = t->in.settings->batch;
    return (count + batch - 1) / batch;
}

static model_options options_of(const trainer *t, bool quantized)
{
    const settings *s = t->in.settings;
    model_options o = {.quantized = quantized,
                       .rules = arithmetic_rules_of(s->arithmetic),
                       .sampling = s->search.sampling,
                       .start_temperature = (real)s->search.temperature,
                       .capacity = shard_capacity(s),
                       .seed = t->in.task->seed};
    if (!quantized) return o;
    o.capacity = piece_images(t->in.graph, parameter_count(t->in.graph), o.capacity);
    const strategy *how = strategy_find(t->in.task->strategy);
    o.per_layer = how->per_layer;
    if (how->searched) {
        o.weight_count = how->precision_count;
        memcpy(o.weight_bits, how->precisions, sizeof o.weight_bits);
    } else {
        o.weight_count = 1;
        o.weight_bits[0] = t->in.task->bits;
    }
    o.activation_count = s->search.activation_count;
    o.input_count = s->search.input_count;
    for (int i = 0; i < o.activation_count; i++) o.activation_bits[i] = s->search.activation_bits[i];
    for (int i = 0; i < o.input_count; i++) o.input_bits[i] = s->search.input_bits[i];
    return o;
}

static status check_fit(const trainer *t)
{
    const dataset *d = t->in.data;
    const layer_spec *image = &t->in.graph->layers[0];
    if (d->height != image->out_height || d->width != image->out_width || d->channels != image->out_channels)
        return status_fail(STATUS_CONFIG, "network %s takes %dx%dx%d images, data set %s has %dx%dx%d",
                           t->in.graph->name, image->out_height, image->out_width, image->out_channels, d->name,
                           d->height, d->width, d->channels);
    if (d->classes != t->in.graph->classes)
        return status_fail(STATUS_CONFIG, "network %s has %d classes, data set %s has %d", t->in.graph->name,
                           t->in.graph->classes, d->name, d->classes);
    for (int s = 0; s < SPLIT_COUNT; s++)
        if (d->split_count[s] == 0)
            return status_fail(STATUS_CONFIG, "data set %s has no %s images: prepare it again", d->name,
                               s == SPLIT_TRAIN        ? "training"
                               : s == SPLIT_VALIDATION ? "validation"
                                                       : "test");
    if (!is_warmup(t) && strategy_find(t->in.task->strategy) == NULL)
        return status_fail(STATUS_CONFIG, "unknown strategy \"%s\"", t->in.task->strategy);
    return status_ok();
}

static status choose_cost(trainer *t)
{
    const char *name = t->in.task->cost_model;
    if (is_warmup(t) || strcmp(name, "none") == 0) return status_ok();
    for (const cost_model *const *m = t->in.cost_models; *m != NULL; m++)
        if (strcmp((*m)->name, name) == 0) t->cost = *m;
    if (t->cost == NULL) return status_fail(STATUS_CONFIG, "unknown cost model \"%s\"", name);
    t->cost_scale = 1;
    return status_ok();
}

/* Unit-free strengths: the cost counts as a fraction of the unpruned network at the highest precision. */
static void normalize_cost(trainer *t)
{
    if (t->cost == NULL || !t->in.settings->search.normalize_cost) return;
    cost_uniform(t->choices, t->in.graph, FINEST_BITS, FINEST_BITS);
    t->cost_scale = 1 / cost_total(t->cost, t->in.graph, t->choices, t->network.options.rules.published_costs, NULL);
}

static void weigh_classes(trainer *t)
{
    const dataset *d = t->in.data;
    if (!t->in.settings->class_weights) return;
    int count[DATASET_MAX_CLASSES] = {0};
    for (int i = 0; i < d->split_count[SPLIT_TRAIN]; i++) count[d->labels[d->split_index[SPLIT_TRAIN][i]]]++;
    for (int c = 0; c < d->classes; c++)
        t->class_weights[c] = count[c] > 0 ? (real)((double)d->split_count[SPLIT_TRAIN] / count[c]) : 0;
    t->class_weight = t->class_weights;
}

static void carve_state(trainer *t)
{
    const model_layout *layout = &t->network.layout;
    t->values = arena_reals(&t->state, layout->total);
    t->best = arena_reals(&t->state, layout->total);
    t->first = arena_reals(&t->state, layout->total);
    t->second = arena_reals(&t->state, layout->total);
    t->velocity = arena_reals(&t->state, layout->choices - layout->clips);
    t->curve = arena_bytes(&t->state, (size_t)t->curve_room * sizeof *t->curve);
}

static void carve_work(trainer *t)
{
    const dataset *d = t->in.data;
    int depth = 1;
    for (int shards = t->in.settings->shards; shards > 1; shards /= 2) depth++;
    t->small.values = arena_reals(&t->work, t->network.layout.total);
    t->small.first = arena_reals(&t->work, t->network.layout.total);
    t->small.second = arena_reals(&t->work, t->network.layout.total);
    t->level_reals = t->network.layout.total + EXTRA_COUNT + 1;
    t->levels = arena_reals(&t->work, t->level_reals * (size_t)depth);
    if (t->network.options.capacity < shard_capacity(t->in.settings)) t->piece = arena_reals(&t->work, t->level_reals);
    t->order = arena_bytes(&t->work, (size_t)d->split_count[SPLIT_TRAIN] * sizeof *t->order);
    t->samples = arena_bytes(&t->work, (size_t)t->in.settings->batch * sizeof *t->samples);
    t->labels = arena_bytes(&t->work, (size_t)t->network.options.capacity * sizeof *t->labels);
    t->choices = arena_bytes(&t->work, (size_t)(t->in.graph->group_count + 1) * sizeof *t->choices);
    t->slopes = arena_bytes(&t->work, (size_t)(t->in.graph->group_count + 1) * sizeof *t->slopes);
    int largest = d->split_count[SPLIT_VALIDATION] > d->split_count[SPLIT_TEST] ? d->split_count[SPLIT_VALIDATION]
                                                                                : d->split_count[SPLIT_TEST];
    t->evaluation.pieces = arena_reals(&t->work, evaluate_piece_reals(largest, t->network.options.capacity));
    t->evaluation.labels = t->labels;
}

/* The float network's values from the warm-up's record. */
static status convert_warmup(trainer *t)
{
    model float_model;
    model_options options = options_of(t, false);
    options.capacity = 1; /* only its layout is used */
    TRY(model_open(&float_model, t->in.graph, t->in.kernels, &options));
    const model_layout *layout = &float_model.layout;
    real *values = calloc(layout->total, sizeof *values);
    status s = values == NULL ? status_fail(STATUS_MEMORY, "no memory for the warm-up's weights") : status_ok();
    for (int i = 0; i < layout->tensor_count && !failed(s); i++) {
        const model_tensor *tensor = &layout->tensors[i];
        const record_tensor *found = NULL;
        for (int k = 0; k < t->in.warmup->tensor_count; k++)
            if (strcmp(t->in.warmup->tensors[k].name, tensor->name) == 0) found = &t->in.warmup->tensors[k];
        size_t count = 1;
        for (int d = 0; found != NULL && d < found->rank; d++) count *= found->dims[d];
        if (found == NULL || count != tensor->count) {
            s = status_fail(STATUS_DATA, "the warm-up (task %d) has no fitting tensor %s: remove its file in tasks/",
                            t->in.task->depends_on, tensor->name);
            break;
        }
        for (size_t k = 0; k < count; k++) values[tensor->offset + k] = (real)found->data[k];
    }
    if (!failed(s)) model_convert(&t->network, t->values, &float_model, values);
    free(values);
    model_close(&float_model);
    return s;
}

static status start(trainer *t)
{
    t->counters.best_epoch = -1;
    t->order_epoch = -1;
    weigh_classes(t);
    normalize_cost(t);
    if (!is_warmup(t)) {
        t->counters.phase = PHASE_SEARCH;
        TRY(convert_warmup(t));
        if (t->in.settings->search.calibrate_input && !t->network.options.rules.input_clips_constant)
            calibrate_input(&t->network, t->values, t->in.data);
        return status_ok();
    }
    t->counters.phase = PHASE_WARMUP;
    model_initialize(&t->network, t->values, t->in.task->seed);
    return status_ok();
}

static status reserve(trainer *t)
{
    carve_state(t);
    TRY(arena_reserve(&t->state));
    carve_state(t);
    carve_work(t);
    TRY(arena_reserve(&t->work));
    carve_work(t);
    return status_ok();
}

status trainer_open(trainer **out, const trainer_inputs *in)
{
    trainer *t = calloc(1, sizeof *t);
    if (t == NULL) return status_fail(STATUS_MEMORY, "no memory for a trainer");
    t->in = *in;
    const settings *s = in->settings;
    t->curve_room = is_warmup(t) ? s->warmup.epochs : s->search_phase.epochs + s->finetune.epochs;

    status result = check_fit(t);
    if (!failed(result)) result = choose_cost(t);
    if (!failed(result)) {
        model_options options = options_of(t, !is_warmup(t));
        result = model_open(&t->network, in->graph, in->kernels, &options);
    }
    if (!failed(result)) {
        t->small.model = &t->discrete.model;
        result = compact_open(&t->discrete, &t->network);
    }
    if (!failed(result)) result = reserve(t);
    if (!failed(result)) result = start(t);
    if (failed(result)) {
        trainer_close(t);
        return result;
    }
    *out = t;
    return status_ok();
}

void trainer_close(trainer *t)
{
    if (t == NULL) return;
    arena_free(&t->work);
    arena_free(&t->state);
    compact_close(&t->discrete);
    model_close(&t->network);
    free(t);
}

int trainer_spans(trainer *t, span *out, int room)
{
    const span spans[] = {{"counters", &t->counters, sizeof t->counters}, {"state", t->state.base, t->state.capacity}};
    int count = (int)(sizeof spans / sizeof spans[0]);
    for (int i = 0; i < count && i < room; i++) out[i] = spans[i];
    return count;
}

void trainer_restored(trainer *t)
{
    t->order_epoch = -1;
    t->small_ready = false;
    if (t->counters.finished != 0)
        model_prepare(&t->network, t->values, is_warmup(t) ? MODEL_EVAL_FLOAT : MODEL_HARD, 1,
                      t->in.settings->search.keep_alive, 0);
}

/* Steps up to the segment's limit or the end of the epoch. */
static status run_steps(trainer *t, const ranks_view *g, segment_end *end)
{
    int limit = t->in.settings->segment_steps, done = 0;
    while (t->counters.step < steps_per_epoch(t)) {
        bool stop;
        TRY(trainer_step(t, g, &stop));
        done++;
        if (stop) {
            *end = SEGMENT_STOPPED;
            return status_ok();
        }
        if (done == limit && t->counters.step < steps_per_epoch(t)) {
            *end = SEGMENT_MORE;
            return status_ok();
        }
    }
    *end = SEGMENT_MORE;
    return status_ok();
}

static status run_segment(trainer *t, const ranks_view *g, segment_end *end)
{
    trainer_segment_begin(t);
    status s = run_steps(t, g, end);
    trainer_segment_end(t);
    TRY(s);
    if (*end == SEGMENT_STOPPED || t->counters.step < steps_per_epoch(t)) return status_ok();
    TRY(trainer_epoch_end(t, g));
    *end = t->counters.finished != 0 ? SEGMENT_FINISHED : SEGMENT_MORE;
    return status_ok();
}

status trainer_segment(trainer *t, const ranks_view *g, segment_end *end)
{
    if (t->counters.finished != 0) {
        *end = SEGMENT_FINISHED;
        return status_ok();
    }
    double started = clock_seconds();
    int64_t epochs = t->counters.curve_count;
    status s = run_segment(t, g, end);
    double elapsed = clock_seconds() - started;
    t->counters.seconds += elapsed;
    if (t->counters.curve_count > epochs)
        t->curve[t->counters.curve_count - 1].seconds += elapsed;
    else
        t->counters.epoch_seconds += elapsed;
    if (!failed(s) && *end != SEGMENT_STOPPED) t->counters.segments_done++;
    return s;
}

trainer_progress trainer_report(const trainer *t)
{
    const trainer_counters *n = &t->counters;
    const settings *s = t->in.settings;
    const record_epoch *last = n->curve_count > 0 ? &t->curve[n->curve_count - 1] : NULL;
    double before = n->phase == PHASE_FINETUNE ? s->search_phase.epochs : 0;
    double within = n->epoch + (double)n->step / steps_per_epoch(t);
    trainer_progress p = {.phase = (phase_kind)n->phase,
                          .epoch = n->epoch,
                          .epochs = trainer_phase(t)->epochs,
                          .fraction = n->finished != 0 ? 1 : (before + within) / t->curve_room,
                          .segments_done = (int)n->segments_done};
    if (last != NULL) {
        p.loss = last->train_loss;
        p.accuracy = last->validation_accuracy;
        p.cost = last->cost;
    }
    return p;
}
