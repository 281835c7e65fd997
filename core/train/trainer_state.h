/* trainer_state: what a trainer holds, for the files of core/train and for stages and starts, which work on it. */
#ifndef CORE_TRAIN_TRAINER_STATE_H
#define CORE_TRAIN_TRAINER_STATE_H

#include "core/base/arena.h"
#include "core/cost/cost_choice.h"
#include "core/net/model/compact.h"
#include "core/net/model/model.h"
#include "core/train/evaluate.h"
#include "core/train/ranks.h"
#include "core/train/stage.h"
#include "core/train/teacher.h"

/* Behind the gradient block, summed over shards with it; then trainer.watched reals. */
enum { EXTRA_LOSS, EXTRA_CORRECT, EXTRA_STOP, EXTRA_COUNT };

enum { TRAINER_MAX_STAGES = 8 };
#define TRAINER_STATE_TENSOR "state" /* in a record: what the last stage kept (stage.keeps_state) */

/* Everything that moves and is not a tensor. Plain bytes: one span of the checkpoint. */
typedef struct {
    int32_t stage;       /* of the kind's list */
    int32_t epoch, step; /* completed in this stage, in this epoch */
    int32_t finished;
    int64_t task_steps;  /* over all stages: the time of dropout */
    int64_t stage_steps; /* the step count of Adam */
    int64_t segments_done;
    double loss_sum, correct_sum, image_sum; /* of the running epoch */
    double epoch_seconds, seconds;
    int32_t best_epoch, since_best;  /* best_epoch -1: none yet */
    double best_score;               /* the larger the better */
    double best_loss, best_accuracy; /* of the validation split */
    double test_loss, test_accuracy;
    double integer_accuracy;
    char integer_reason[128]; /* why that is NaN */
    int64_t curve_count;
} trainer_counters;

/* What steps work on: a model and blocks of its layout. */
typedef struct {
    model *model;
    real *values, *first, *second; /* moments: update.h */
    real *average;                 /* average.h; NULL: no stage of the task has one */
} trainer_block;

struct trainer {
    trainer_inputs in;
    const cost_model *cost; /* NULL: no cost term */
    double cost_scale;      /* multiplies the cost in the loss: strength 1 means this */
    double full_cost;       /* of the unpruned network at the highest precision */
    model network;          /* float for warm-ups, quantised for points */
    compact discrete;       /* the same without removed channels: for fine-tuning and evaluation */

    trainer_counters counters;
    arena state; /* the checkpoint, with counters */
    real *values, *best, *first, *second, *velocity;
    real *average;                 /* of the values, in stages that have one; NULL: none has */
    real *own[TRAINER_MAX_STAGES]; /* what each stage keeps itself; NULL: nothing */
    record_epoch *curve;
    int curve_room;

    arena work;
    trainer_block small; /* discrete.model and its blocks, each with room for one of the whole network */
    bool small_ready;    /* `small` is what the last segment of fine-tuning left, and what it left in the state */
    trainer_block now;   /* of the running segment: the network and the state, or `small` */
    real *candidate;     /* what is evaluated: the values or their average, perhaps with batch-norm estimated anew */
    teacher teacher;     /* opened if a stage learns from it */
    real *statistics;    /* (shards, running statistics), and one slot for the group's sum; NULL: never estimated */
    real *levels;        /* partial sums of the tree over this rank's shards */
    real *piece;         /* (level_reals) gradients of a piece of a shard; NULL when pieces are shards */
    size_t level_reals;  /* of one: gradient block, extras, one slot for the group's sum */
    size_t watched;      /* quantisers of activations, if a stage of the task watches them (stage.watches), else 0 */
    int32_t *order, *samples, *labels;
    int order_epoch;    /* what `order` holds: trainer_draw_epoch, or -1 */
    real *class_weight; /* (classes), NULL when not weighted */
    real class_weights[DATASET_MAX_CLASSES];
    group_choice *choices, *slopes; /* (group_count + 1) */
    evaluation_work evaluation;
    integer_path *integers; /* of in.integers; NULL: there are none */
};

/* The running stage, and its part of the settings. */
const stage *trainer_stage(const trainer *t);
const phase_settings *trainer_settings(const trainer *t);

/* Are the forward passes of the running stage those of integers? */
bool trainer_runs_integers(const trainer *t);

/* A number of (stage, epoch) that never repeats within a task: the "epoch" of random draws. */
int trainer_draw_epoch(const trainer *t);

/* Length of the running stage, unless it ends early. */
int trainer_epochs(const trainer *t);

int trainer_steps_per_epoch(const trainer *t);

/* In stage.gradient of a stage that watches activations: of each quantiser of a group's outputs (trainer.watched) the
 * sum over its elements of the squared gradient by it. */
const real *trainer_activation_squares(const trainer *t, const real *gradients);

/* Most images of a shard. */
int trainer_shard_capacity(const trainer *t);

/* Does a stage of the task learn from the teacher? */
bool trainer_has_teacher(const trainer *t);

/* How many running statistics of batch-norm a model has: what lies behind the choices in its layout. */
size_t trainer_running_reals(const model *m);

/* Epochs of the stages before stage `index`, at full length. */
int trainer_epochs_before(const trainer *t, int index);

/* Cost of the network as prepared, in the cost model's unit; 0 without cost model. */
double trainer_cost(trainer *t);

/* Sets full_cost; with unit-free strengths (search.normalize_cost) the cost counts as a fraction of it from now on. */
void trainer_measure_cost(trainer *t);

/* Plans and reserves all memory, when `in`, `network` and `discrete` are set. */
MUST_CHECK status trainer_reserve(trainer *t);

#endif
