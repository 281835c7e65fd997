#include "core/train/trainer_step.h"

#include <math.h>
#include <string.h>

#include "core/data/batch.h"
#include "core/train/average.h"
#include "core/train/clips/clip_rule.h"
#include "core/train/loss.h"
#include "core/train/schedule.h"
#include "core/train/trainer_batch.h"
#include "core/train/trainer_discrete.h"
#include "core/train/update.h"

/* Forward and backward of images [first, end) of the batch: gradients, loss and correct predictions. */
static void compute_piece(trainer *t, real *level, int first, int end, int batch_images, double weight,
                          const model_listener *listener)
{
    model *m = t->now.model;
    int n = end - first;
    real *extra = level + m->layout.total;
    memset(extra, 0, (EXTRA_COUNT + t->watched) * sizeof *extra);
    if (n == 0) {
        model_backward(m, t->now.values, level, 0, batch_images, (model_pass){.training = true}, listener);
        return;
    }
    const augment_settings *augment = &t->in.settings->augment;
    batch_load(model_input(m), t->labels, t->in.data, t->samples + first, n, augment, t->in.task->seed,
               trainer_draw_epoch(t));
    const bool drops = !trainer_runs_integers(t);
    model_pass pass = {.training = drops, .step = (uint32_t)t->counters.task_steps, .first = (uint32_t)first};
    model_forward(m, t->now.values, n, pass);
    if (trainer_runs_integers(t)) t->in.integers->forward(t->integers, m, n);
    int correct;
    const phase_settings *phase = trainer_settings(t);
    const loss_rule rule = {.smoothing = phase->label_smoothing,
                            .teacher = phase->distill > 0 ? teacher_answer(&t->teacher, model_input(m), n) : NULL,
                            .distill = phase->distill,
                            .temperature = phase->distill_temperature};
    double loss = loss_gradient(m->kernels, model_output_gradient(m), &correct, model_logits(m), t->labels,
                                t->class_weight, (real)(1 / weight), n, m->graph->classes, &rule);
    model_backward(m, t->now.values, level, n, batch_images, pass, listener);
    extra[EXTRA_LOSS] = (real)(loss / weight);
    extra[EXTRA_CORRECT] = (real)correct;
}

/* Where a piece stands in the sum over this rank's shards, by the fixed binary tree over the shard index, like a binary
 * counter: level k of the stack holds the sum of 2^k neighbouring shards. The result is levels[0]. */
typedef struct {
    trainer *t;
    const ranks_view *group;
    int shard;  /* of this rank, from 0 */
    bool later; /* not the first piece of its shard: computed apart, and added */
    bool ends_shard;
    size_t begun;  /* gradients [begun, layout.decayed) are on their way to the other ranks */
    real *squares; /* of the piece: (trainer.watched) */
    int images;    /* of the piece */
} place;

static real *level_of(const trainer *t, int level)
{
    return t->levels + (size_t)level * t->level_reals;
}

/* The shards before this one fill a level for every bit that is set. */
static int own_level(const place *at)
{
    int level = 0;
    for (int bits = at->shard; bits != 0; bits &= bits - 1) level++;
    return level;
}

static void add_range(real *to, const real *from, size_t first, size_t end)
{
    for (size_t k = first; k < end; k++) to[k] += from[k];
}

/* Brings gradients [first, end) of a computed piece to the place in the tree where they belong. */
static void add_to_tree(const place *at, size_t first, size_t end)
{
    const trainer *t = at->t;
    int level = own_level(at);
    if (at->later) add_range(level_of(t, level), t->piece, first, end);
    if (!at->ends_shard) return;
    for (int bit = at->shard; (bit & 1) != 0; bit >>= 1, level--)
        add_range(level_of(t, level - 1), level_of(t, level), first, end);
}

/* Parts of the sum over ranks that are begun while the backward pass goes on: few, and none so small that its messages
 * cost more than what they carry. */
enum { FEWEST_BEGUN = 1 << 13, MOST_PARTS = RANKS_SUM_PARTS / 2 };

/* In the last piece of a rank: gradients from `first` on are complete. */
static void send_completed(void *ctx, size_t first)
{
    place *at = ctx;
    const size_t weights = at->t->now.model->layout.decayed;
    size_t enough = weights / MOST_PARTS > FEWEST_BEGUN ? weights / MOST_PARTS : FEWEST_BEGUN;
    if (at->begun - first >= enough || first == 0) {
        add_to_tree(at, first, at->begun);
        at->group->sum_begin(at->group->ctx, level_of(at->t, 0) + first, at->begun - first);
        at->begun = first;
    }
    ranks_show_life(at->group);
}

/* Branches before an add always have 8 bit. */
static void watch_activations(void *ctx, int layer)
{
    const place *at = ctx;
    const model *m = at->t->now.model;
    const model_node *node = &m->nodes[layer];
    if (node->quantizer < 0 || node->quantizer >= m->graph->group_count || node->is_signed) return;
    const layer_spec *l = &m->graph->layers[layer];
    const size_t count = (size_t)at->images * (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)node->dout[i] * (double)node->dout[i];
    at->squares[node->quantizer] += (real)squares;
}

/* A shard into its level, piece by piece in order. */
static void compute_shard(place *at, int first, int end, int batch_images, double weight, bool last)
{
    trainer *t = at->t;
    const size_t total = t->now.model->layout.total, weights = t->now.model->layout.decayed;
    const int capacity = t->network.options.capacity;
    const bool watches = trainer_stage(t)->watches != NULL && trainer_stage(t)->watches(t);
    real *level = level_of(t, own_level(at));
    at->later = at->ends_shard = false;
    do {
        int next = end - first < capacity ? end : first + capacity;
        at->ends_shard = next == end;
        bool sends = last && at->ends_shard && at->group->sum_begin != NULL;
        real *to = at->later ? t->piece : level;
        at->squares = to + total + EXTRA_COUNT;
        at->images = next - first;
        const model_listener listener = {
            .completed = sends ? send_completed : NULL, .reached = watches ? watch_activations : NULL, .ctx = at};
        compute_piece(t, to, first, next, batch_images, weight, &listener);
        add_to_tree(at, sends ? weights : 0, total + EXTRA_COUNT + t->watched);
        at->later = true;
        first = next;
    } while (!at->ends_shard);
}

static void sum_own_shards(trainer *t, const ranks_view *g, int images, double weight)
{
    int shards = t->in.settings->shards, own = shards / g->size;
    place at = {.t = t, .group = g, .begun = t->now.model->layout.decayed};
    for (at.shard = 0; at.shard < own; at.shard++) {
        int64_t shard = (int64_t)g->rank * own + at.shard;
        int first = (int)(images * shard / shards), end = (int)(images * (shard + 1) / shards);
        compute_shard(&at, first, end, images, weight, at.shard == own - 1);
        ranks_show_life(g);
    }
}

static void update(trainer *t, const real *gradients)
{
    const phase_settings *phase = trainer_settings(t);
    const update_moments moments = {.first = t->now.first, .second = t->now.second, .velocity = t->velocity};
    update_values(t->now.model, t->now.values, &moments, gradients, phase,
                  trainer_stage(t)->choices_move ? &t->in.settings->search : NULL,
                  schedule_rate_factor(phase, t->counters.stage_steps - 1, trainer_steps_per_epoch(t)),
                  t->counters.stage_steps);
    if (!trainer_runs_integers(t)) model_update_running(t->now.model, t->now.values, gradients);
    clip_rule_follow(t->now.model, t->now.values, t->counters.step + 1, trainer_steps_per_epoch(t));
    if (phase->average > 0)
        average_update(t->now.average, t->now.values, t->now.model->layout.total,
                       phase->average * phase->epochs * trainer_steps_per_epoch(t), t->counters.stage_steps);
}

/* What a discrete network in training is less discrete by: noise, and layers whose turn has not come. */
static void relax_layers(trainer *t)
{
    model *m = t->now.model;
    const phase_settings *phase = trainer_settings(t);
    const layer_turn turn = schedule_layers(phase, t->counters.epoch, graph_weight_layers(m->graph));
    if (phase->weight_noise > 0)
        model_add_weight_noise(m, t->now.values, turn.quantised, turn.noisy, phase->weight_noise,
                               (uint32_t)t->counters.task_steps);
    if (phase->gradual > 0) model_leave_float(m, t->now.values, turn.noisy);
}

status trainer_step(trainer *t, const ranks_view *g, bool *stop)
{
    double weight;
    int images = trainer_choose_samples(t, t->counters.step, &weight);
    model *m = t->now.model;
    const stage *now = trainer_stage(t);
    real temperature = now->temperature != NULL ? (real)now->temperature(t) : 1;
    const bool integers = trainer_runs_integers(t);
    model_prepare(m, t->now.values, integers ? MODEL_EVAL_HARD : now->mode, temperature,
                  (uint32_t)t->counters.task_steps);
    if (integers) TRY(trainer_take_integers(t, m, true));
    if (now->mode == MODEL_HARD && !integers) relax_layers(t);

    sum_own_shards(t, g, images, weight);
    real *gradients = t->levels, *extra = gradients + m->layout.total;
    if (g->should_stop != NULL && g->should_stop(g->ctx)) extra[EXTRA_STOP] = 1;
    const size_t weights = m->layout.decayed; /* their sums have begun */
    const size_t behind = m->layout.total + EXTRA_COUNT + t->watched - weights;
    if (g->sum != NULL) TRY(g->sum(g->ctx, gradients + weights, behind, status_ok()));
    if (!isfinite((double)extra[EXTRA_LOSS]))
        return status_fail(STATUS_NUMERIC, "loss is not finite in epoch %d, step %d: lower the learning rate",
                           t->counters.epoch, t->counters.step);

    const bool chooses = now->mode == MODEL_SOFT || now->mode == MODEL_HARD;
    if (chooses) model_choice_gradients(m, t->now.values, gradients);
    if (now->gradient != NULL) now->gradient(t, t->own[t->counters.stage], gradients);
    if (chooses) model_finish_gradients(m, gradients);
    t->counters.stage_steps++;
    t->counters.task_steps++;
    update(t, gradients);
    if (now->updated != NULL) TRY(now->updated(t, t->own[t->counters.stage]));

    t->counters.step++;
    t->counters.loss_sum += (double)extra[EXTRA_LOSS] * images;
    t->counters.correct_sum += (double)extra[EXTRA_CORRECT];
    t->counters.image_sum += images;
    *stop = extra[EXTRA_STOP] > 0;
    return status_ok();
}
