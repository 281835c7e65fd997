/* trainer_state: what a trainer holds. Internal to core/train. */
#ifndef CORE_TRAIN_TRAINER_STATE_H
#define CORE_TRAIN_TRAINER_STATE_H

#include "core/base/arena.h"
#include "core/cost/cost_choice.h"
#include "core/net/model/compact.h"
#include "core/net/model/model.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"

/* Behind the gradient block, summed over shards with it. */
enum { EXTRA_LOSS, EXTRA_CORRECT, EXTRA_STOP, EXTRA_COUNT };

/* Everything that moves and is not a tensor. Plain bytes: one span of the checkpoint. */
typedef struct {
    int32_t phase;       /* phase_kind */
    int32_t epoch, step; /* completed in this phase, in this epoch */
    int32_t finished;
    int64_t task_steps;  /* over all phases: the time of dropout */
    int64_t phase_steps; /* the step count of Adam */
    int64_t segments_done;
    double loss_sum, correct_sum, image_sum; /* of the running epoch */
    double epoch_seconds, seconds;
    int32_t best_epoch, since_best;  /* best_epoch -1: none yet */
    double best_score;               /* the larger the better */
    double best_loss, best_accuracy; /* of the validation split */
    double test_loss, test_accuracy;
    int64_t curve_count;
} trainer_counters;

/* What steps work on: a model and blocks of its layout. */
typedef struct {
    model *model;
    real *values, *first, *second; /* moments: update.h */
} trainer_block;

struct trainer {
    trainer_inputs in;
    const cost_model *cost; /* NULL: no cost term */
    double cost_scale;      /* multiplies the cost in the loss: strength 1 means this */
    model network;          /* float for warm-ups, quantised for points */
    compact discrete;       /* the same without removed channels: for fine-tuning and evaluation */

    trainer_counters counters;
    arena state; /* the checkpoint, with counters */
    real *values, *best, *first, *second, *velocity;
    record_epoch *curve;
    int curve_room;

    arena work;
    trainer_block small; /* discrete.model and its blocks, each with room for one of the whole network */
    bool small_ready;    /* `small` is what the last segment of fine-tuning left, and what it left in the state */
    trainer_block now;   /* of the running segment: the network and the state, or `small` */
    real *levels;        /* partial sums of the tree over this rank's shards */
    real *piece;         /* (level_reals) gradients of a piece of a shard; NULL when pieces are shards */
    size_t level_reals;  /* of one: gradient block, extras, one slot for the group's sum */
    int32_t *order, *samples, *labels;
    int order_epoch;    /* what `order` holds: phase and epoch, or -1 */
    real *class_weight; /* (classes), NULL when not weighted */
    real class_weights[DATASET_MAX_CLASSES];
    group_choice *choices, *slopes; /* (group_count + 1) */
    evaluation_work evaluation;
};

/* Settings of the running phase. */
const phase_settings *trainer_phase(const trainer *t);

/* A number of (phase, epoch) that never repeats within a task: the "epoch" of random draws. */
int trainer_draw_epoch(const trainer *t);

/* Chooses what the steps of a segment work on, and brings their result back into the state. */
void trainer_segment_begin(trainer *t);
void trainer_segment_end(trainer *t);

/* Prepares discrete.model for an evaluation of the state's values, and the network for what a choice costs. */
void trainer_prepare_discrete(trainer *t);

/* At the end of the search: weights that go with a pruned channel become 0 in the state. */
void trainer_remove_pruned(trainer *t);

/* One optimiser step; *stop: somebody in the group wants to stop. Collective on g. */
MUST_CHECK status trainer_step(trainer *t, const ranks_view *g, bool *stop);

/* Prepares the network as discrete (float in the warm-up) and evaluates it on a split. Collective on g. */
MUST_CHECK status trainer_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out);

/* Validation, selection, and what follows: the next epoch, the next phase, or the end. Collective on g. */
MUST_CHECK status trainer_epoch_end(trainer *t, const ranks_view *g);

/* After the search: promotions that cost nothing, if the settings and the cost model have them. Leaves the network
 * prepared as discrete. */
MUST_CHECK status trainer_refine(trainer *t);

/* Cost of the network as prepared, in the cost model's unit; 0 without cost model. */
double trainer_cost(trainer *t);

/* Strength of the cost term in this epoch, in loss per unit of cost. */
double trainer_strength(const trainer *t);

#endif
