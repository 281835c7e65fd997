#include "core/train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/train/piece.h"
#include "core/train/task_kind.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_check.h"
#include "core/train/trainer_epoch.h"
#include "core/train/trainer_options.h"
#include "core/train/trainer_state.h"
#include "core/train/trainer_step.h"

static size_t parameter_count(const graph *g)
{
    size_t count = 0;
    for (int i = 0; i < g->layer_count; i++)
        if (layer_has_weights(&g->layers[i])) count += layer_weight_count(&g->layers[i]);
    return count;
}

/* With pieces of shards where that is faster. */
static model_options options_of(const trainer *t)
{
    model_options o = trainer_options(&t->in);
    const bool images_meet = t->in.settings->quantizer.batchnorm == BATCHNORM_KEPT; /* as in every float network */
    if (o.quantized && !images_meet) o.capacity = piece_images(t->in.graph, parameter_count(t->in.graph), o.capacity);
    return o;
}

static status open_teacher(trainer *t)
{
    model_options options = t->network.options;
    options.capacity = piece_images(t->in.graph, parameter_count(t->in.graph), trainer_shard_capacity(t));
    return teacher_open(&t->teacher, t->in.graph, t->in.kernels, &options);
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
    return status_ok();
}

static status choose_cost(trainer *t)
{
    const char *name = t->in.task->cost_model;
    if (strcmp(name, "none") == 0) return status_ok();
    t->cost = cost_list_find(t->in.cost_models, name);
    if (t->cost == NULL) return status_fail(STATUS_CONFIG, "unknown cost model \"%s\"", name);
    t->cost_scale = 1;
    return status_ok();
}

static void weigh_classes(trainer *t)
{
    const dataset *d = t->in.data;
    if (!t->in.settings->class_weights) return;
    int count[DATASET_MAX_CLASSES] = {0};
    for (int i = 0; i < d->split_count[SPLIT_TRAIN]; i++) count[d->labels[d->split_index[SPLIT_TRAIN][i]]]++;
    for (int c = 0; c < d->classes; c++)
        t->class_weights[c] = count[c] > 0 ? (real)((double)d->split_count[SPLIT_TRAIN] / count[c])
                                           : (real)d->classes; /* as an average class: validation may have it */
    t->class_weight = t->class_weights;
}

/* The first step is next. */
static status begin(trainer *t)
{
    t->counters.best_epoch = -1;
    t->order_epoch = -1;
    weigh_classes(t);
    trainer_measure_cost(t);
    TRY(t->in.kind->start(t, t->in.parents, t->in.parent_count));
    if (t->teacher.opened && !t->teacher.taught)
        return status_fail(STATUS_CONFIG, "a phase of %s has distill above 0, but the task starts from no warm-up",
                           t->in.kind->name);
    const stage *first = trainer_stage(t);
    trainer_start_steps(t);
    return first->begin != NULL ? first->begin(t, t->own[0]) : status_ok();
}

status trainer_open(trainer **out, const trainer_inputs *in)
{
    trainer *t = calloc(1, sizeof *t);
    if (t == NULL) return status_fail(STATUS_MEMORY, "no memory for a trainer");
    t->in = *in;
    status result = check_fit(t);
    if (!failed(result)) result = choose_cost(t);
    if (!failed(result)) {
        model_options options = options_of(t);
        result = model_open(&t->network, in->graph, in->kernels, &options);
    }
    if (!failed(result)) {
        t->small.model = &t->discrete.model;
        result = compact_open(&t->discrete, &t->network);
    }
    if (!failed(result) && trainer_has_teacher(t)) result = open_teacher(t);
    if (!failed(result) && in->integers != NULL && t->network.options.quantized)
        result = in->integers->open(&t->integers);
    if (!failed(result)) result = trainer_reserve(t);
    if (!failed(result)) result = begin(t);
    t->in.parents = NULL; /* not borrowed any longer */
    t->in.parent_count = 0;
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
    if (t->integers != NULL) t->in.integers->close(t->integers);
    arena_free(&t->work);
    arena_free(&t->state);
    teacher_close(&t->teacher);
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

status trainer_restored(trainer *t)
{
    TRY(trainer_check(t));
    t->order_epoch = -1;
    t->small_ready = false;
    if (t->counters.finished == 0) return status_ok();
    memcpy(t->candidate, t->values, t->network.layout.total * sizeof *t->candidate);
    return trainer_prepare_discrete(t);
}

/* Steps up to the segment's limit or the end of the epoch. */
static status run_steps(trainer *t, const ranks_view *g, segment_end *end)
{
    int limit = t->in.settings->segment_steps, done = 0;
    while (t->counters.step < trainer_steps_per_epoch(t)) {
        bool stop;
        TRY(trainer_step(t, g, &stop));
        done++;
        if (stop) {
            *end = SEGMENT_STOPPED;
            return status_ok();
        }
        if (done == limit && t->counters.step < trainer_steps_per_epoch(t)) {
            *end = SEGMENT_MORE;
            return status_ok();
        }
    }
    *end = SEGMENT_MORE;
    return status_ok();
}

/* No checkpoint lies between this and the first step, so that it happens once. */
static status begin_epoch(trainer *t, const ranks_view *g)
{
    const stage *now = trainer_stage(t);
    if (t->counters.step > 0 || now->epoch_begin == NULL) return status_ok();
    t->small_ready = false;
    return now->epoch_begin(t, g, t->own[t->counters.stage]);
}

static status run_segment(trainer *t, const ranks_view *g, segment_end *end)
{
    TRY(begin_epoch(t, g));
    TRY(trainer_segment_begin(t));
    status s = run_steps(t, g, end);
    trainer_segment_end(t);
    TRY(s);
    if (*end == SEGMENT_STOPPED || t->counters.step < trainer_steps_per_epoch(t)) return status_ok();
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
    const record_epoch *last = n->curve_count > 0 ? &t->curve[n->curve_count - 1] : NULL;
    double before = trainer_epochs_before(t, n->stage);
    double within = n->epoch + (double)n->step / trainer_steps_per_epoch(t);
    trainer_progress p = {.phase = trainer_stage(t)->phase,
                          .epoch = n->epoch,
                          .epochs = trainer_epochs(t),
                          .fraction = n->finished != 0 ? 1 : (before + within) / t->curve_room,
                          .segments_done = (int)n->segments_done};
    snprintf(p.stage, sizeof p.stage, "%s", trainer_stage(t)->name);
    if (last != NULL) {
        p.loss = last->train_loss;
        p.accuracy = last->validation_accuracy;
        p.cost = last->cost;
    }
    return p;
}

const record_epoch *trainer_last_stage_epoch(const trainer *t, int epochs)
{
    const stage *const *last = t->in.kind->stages;
    while (last[1] != NULL) last++;
    return record_find_epoch(t->curve, (int)t->counters.curve_count, (*last)->name, epochs);
}
