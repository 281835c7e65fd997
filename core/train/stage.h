/* stage: one part of a task's training, such as a search or a fine-tuning. The trainer runs a list of stages, one after
 * the other, and knows none by name: what is special about a stage stands in its own file, as the functions below.
 * Every one of them may be NULL unless it says otherwise.
 *
 * All functions run on every rank of a group with the same state and must leave the same state; but for epoch_begin
 * none communicates. */
#ifndef CORE_TRAIN_STAGE_H
#define CORE_TRAIN_STAGE_H

#include <stdbool.h>

#include "core/base/real.h"
#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/net/model/model.h"
#include "core/train/evaluate.h"
#include "core/train/ranks.h"
#include "core/train/trainer_inputs.h"

typedef enum { STAGE_GO_ON, STAGE_OVER } stage_verdict;

typedef struct stage {
    const char *name;  /* "search": of its rows in the curve and of the status line; shorter than RECORD_STAGE */
    phase_kind phase;  /* which of the usual phases it resembles in speed, and where its settings stand */
    int draws;         /* number of its random draws, unlike that of any other stage of the task */
    model_mode mode;   /* of the network in its steps */
    bool compact;      /* steps compute on the network without its removed channels (core/net/model/compact.h) */
    bool integers;     /* with finetune.integer its forward passes are those of integers (integer_path.h) */
    bool learns_steps; /* learned weight steps are trained; they start with the stage (model_start_steps) */
    bool choices_move; /* steps update the choices, by SGD, besides weights and clips */
    bool keeps_last;   /* the last epoch is kept, whatever its validation says */
    bool keeps_state;  /* of the last stage: what it keeps itself goes into the record, as a tensor called "state" */
    bool task_length;  /* as many epochs as the task says (task.epochs), not the settings */

    const phase_settings *(*settings)(const settings *s); /* length, optimiser, rates, selection; never NULL */

    /* Reals that the stage itself keeps from step to step: a part of the checkpoint, zero at the start of the task. The
     * functions below get it as `own`. */
    size_t (*state_reals)(const trainer *t);

    /* Does it read the gradients by activations (trainer_activation_squares)? NULL: no. */
    bool (*watches)(const trainer *t);

    /* Before the first step of the stage. */
    status (*begin)(trainer *t, real *own);

    /* Before the first step of every epoch, on the state itself (trainer.values). The one function that may
     * communicate; collective on g. */
    status (*epoch_begin)(trainer *t, const ranks_view *g, real *own);

    /* Temperature of soft choices in the running epoch; NULL: 1, and none in the curve. */
    double (*temperature)(const trainer *t);

    /* In a step, after the sum over ranks: adds what the loss has besides the network's cross-entropy. Choices hold
     * dL/dprobability at this moment (model.h: between model_choice_gradients and model_finish_gradients). */
    void (*gradient)(trainer *t, real *own, real *gradients);

    /* After the update of a step: the values may be changed. */
    status (*updated)(trainer *t, real *own);

    /* Cost of the network as it is, for the curve; NULL: of its choices. */
    double (*cost)(trainer *t, const real *own);

    /* What a cost adds to the validation loss when epochs are selected by total loss; NULL: nothing. */
    double (*penalty)(const trainer *t, double cost);

    /* After the validation of an epoch. *verdict comes in as what number of epochs and patience say. */
    status (*epoch_end)(trainer *t, real *own, const evaluation *validation, stage_verdict *verdict);

    /* After the last epoch, when the kept one has become the network. */
    status (*end)(trainer *t, real *own);
} stage;

/* Epochs of one stage. */
int stage_epochs(const stage *at, const settings *s, const task *t);

#endif
