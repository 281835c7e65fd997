/* trainer_epoch: the end of an epoch: validation, selection of the best epoch, early stopping, the next phase. */
#include <math.h>
#include <string.h>

#include "core/train/schedule.h"
#include "core/train/trainer_state.h"

status trainer_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    trainer_prepare_discrete(t);
    const augment_settings *augment = &t->in.settings->augment;
    bool augmented = which == SPLIT_VALIDATION && augment->validation;
    return evaluate(out, t->small.model, t->small.values, t->in.data, which, t->class_weight,
                    augmented ? augment : NULL, t->in.task->seed, trainer_draw_epoch(t), &t->evaluation, g);
}

/* The larger, the better. */
static double score(const trainer *t, const evaluation *validation, double cost)
{
    switch (trainer_phase(t)->select) {
    case SELECT_ACCURACY:
        return validation->accuracy;
    case SELECT_LOSS:
        return -validation->loss;
    case SELECT_TOTAL_LOSS:
        return -(validation->loss + trainer_strength(t) * cost);
    }
    return 0;
}

static void select_epoch(trainer *t, const evaluation *validation, double cost)
{
    trainer_counters *n = &t->counters;
    const phase_settings *phase = trainer_phase(t);
    int first = schedule_first_candidate(phase);
    if (first > phase->epochs - 1) first = phase->epochs - 1;
    if (n->epoch < first) return;
    double value = score(t, validation, cost);
    if (n->best_epoch >= 0 && !(value > n->best_score)) {
        n->since_best++;
        return;
    }
    n->best_epoch = n->epoch;
    n->since_best = 0;
    n->best_score = value;
    n->best_loss = validation->loss;
    n->best_accuracy = validation->accuracy;
    memcpy(t->best, t->values, t->network.layout.total * sizeof *t->best);
}

static void begin_phase(trainer *t, phase_kind phase)
{
    trainer_counters *n = &t->counters;
    n->phase = phase;
    n->epoch = 0;
    n->phase_steps = 0;
    n->best_epoch = -1;
    n->since_best = 0;
    memset(t->first, 0, t->network.layout.total * sizeof *t->first);
    memset(t->second, 0, t->network.layout.total * sizeof *t->second);
    memset(t->velocity, 0, (t->network.layout.choices - t->network.layout.clips) * sizeof *t->velocity);
}

/* The best epoch becomes the network; then the next phase, or the final test. */
static status end_phase(trainer *t, const ranks_view *g)
{
    memcpy(t->values, t->best, t->network.layout.total * sizeof *t->values);
    if (t->counters.phase == PHASE_SEARCH) {
        TRY(trainer_refine(t));
        trainer_remove_pruned(t);
        begin_phase(t, PHASE_FINETUNE);
        return status_ok();
    }
    evaluation test;
    TRY(trainer_evaluate(t, g, SPLIT_TEST, &test));
    t->counters.test_loss = test.loss;
    t->counters.test_accuracy = test.accuracy;
    t->counters.finished = 1;
    return status_ok();
}

status trainer_epoch_end(trainer *t, const ranks_view *g)
{
    trainer_counters *n = &t->counters;
    const phase_settings *phase = trainer_phase(t);
    evaluation validation;
    TRY(trainer_evaluate(t, g, SPLIT_VALIDATION, &validation));
    double cost = trainer_cost(t);
    select_epoch(t, &validation, cost);

    t->curve[n->curve_count++] = (record_epoch){
        .phase = (phase_kind)n->phase,
        .epoch = n->epoch,
        .train_loss = n->loss_sum / n->image_sum,
        .train_accuracy = n->correct_sum / n->image_sum,
        .validation_loss = validation.loss,
        .validation_accuracy = validation.accuracy,
        .cost = cost,
        .temperature = n->phase == PHASE_SEARCH ? schedule_temperature(&t->in.settings->search, n->epoch) : 0,
        .learning_rate = phase->learning_rate * schedule_learning_rate_factor(phase, n->epoch),
        .seconds = n->epoch_seconds};
    n->loss_sum = n->correct_sum = n->image_sum = n->epoch_seconds = 0;
    n->step = 0;
    n->epoch++;
    bool impatient = phase->patience > 0 && n->since_best >= phase->patience;
    return n->epoch >= phase->epochs || impatient ? end_phase(t, g) : status_ok();
}
