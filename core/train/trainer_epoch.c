#include "core/train/trainer_epoch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/train/schedule.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_statistics.h"

static status evaluate_candidate(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    TRY(trainer_prepare_discrete(t));
    const augment_settings *augment = &t->in.settings->augment;
    bool augmented = which == SPLIT_VALIDATION && augment->validation;
    return evaluate(out, t->small.model, t->small.values, t->in.data, which, t->class_weight,
                    augmented ? augment : NULL, t->in.task->seed, trainer_draw_epoch(t), &t->evaluation, g);
}

static void take_candidate(trainer *t, const real *values)
{
    memcpy(t->candidate, values, t->network.layout.total * sizeof *t->candidate);
}

status trainer_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    take_candidate(t, t->values);
    return evaluate_candidate(t, g, which, out);
}

status trainer_evaluate_estimated(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    const int batches = trainer_settings(t)->reestimate_batches;
    take_candidate(t, t->values);
    if (batches > 0 && t->statistics != NULL) TRY(trainer_estimate_statistics(t, g, batches));
    return evaluate_candidate(t, g, which, out);
}

/* First epoch of this stage that may be kept. */
static int first_candidate(const trainer *t)
{
    const int last = trainer_epochs(t) - 1, first = schedule_first_candidate(trainer_settings(t));
    return first < last && !trainer_stage(t)->keeps_last ? first : last;
}

/* The network of this epoch. Collective on g. */
static status choose_candidate(trainer *t, const ranks_view *g)
{
    const phase_settings *phase = trainer_settings(t);
    take_candidate(t, phase->average > 0 ? t->average : t->values);
    if (phase->reestimate_batches == 0 || t->statistics == NULL || t->counters.epoch < first_candidate(t))
        return status_ok();
    return trainer_estimate_statistics(t, g, phase->reestimate_batches);
}

/* The larger, the better. */
static double score(const trainer *t, const evaluation *validation, double cost)
{
    const stage *now = trainer_stage(t);
    switch (trainer_settings(t)->select) {
    case SELECT_ACCURACY:
        return validation->accuracy;
    case SELECT_LOSS:
        return -validation->loss;
    case SELECT_TOTAL_LOSS:
        return -(validation->loss + (now->penalty != NULL ? now->penalty(t, cost) : 0));
    }
    return 0;
}

static void select_epoch(trainer *t, const evaluation *validation, double cost)
{
    trainer_counters *n = &t->counters;
    if (n->epoch < first_candidate(t)) return;
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
    memcpy(t->best, t->candidate, t->network.layout.total * sizeof *t->best);
}

static status begin_stage(trainer *t, int index)
{
    trainer_counters *n = &t->counters;
    n->stage = index;
    n->epoch = 0;
    n->stage_steps = 0;
    n->best_epoch = -1;
    n->since_best = 0;
    memset(t->first, 0, t->network.layout.total * sizeof *t->first);
    memset(t->second, 0, t->network.layout.total * sizeof *t->second);
    memset(t->velocity, 0, (t->network.layout.choices - t->network.layout.clips) * sizeof *t->velocity);
    const stage *next = trainer_stage(t);
    trainer_start_steps(t);
    return next->begin != NULL ? next->begin(t, t->own[index]) : status_ok();
}

static status test(trainer *t, const ranks_view *g)
{
    evaluation test;
    TRY(trainer_evaluate(t, g, SPLIT_TEST, &test));
    if (!isfinite(test.loss) || !isfinite(t->counters.best_loss))
        return status_fail(STATUS_NUMERIC, "the loss of the final network is not finite: lower the learning rate");
    t->counters.test_loss = test.loss;
    t->counters.test_accuracy = test.accuracy;
    t->counters.finished = 1;
    return status_ok();
}

/* The best epoch becomes the network; then the next stage, or the final test. */
static status end_stage(trainer *t, const ranks_view *g)
{
    const int index = t->counters.stage;
    const stage *over = trainer_stage(t);
    memcpy(t->values, t->best, t->network.layout.total * sizeof *t->values);
    if (over->end != NULL) TRY(over->end(t, t->own[index]));
    return t->in.kind->stages[index + 1] != NULL ? begin_stage(t, index + 1) : test(t, g);
}

status trainer_epoch_end(trainer *t, const ranks_view *g)
{
    trainer_counters *n = &t->counters;
    const phase_settings *phase = trainer_settings(t);
    evaluation validation;
    TRY(choose_candidate(t, g));
    TRY(evaluate_candidate(t, g, SPLIT_VALIDATION, &validation));
    double cost = trainer_cost(t);
    select_epoch(t, &validation, cost);

    const stage *now = trainer_stage(t);
    record_epoch *row = &t->curve[n->curve_count++];
    *row = (record_epoch){.phase = now->phase,
                          .epoch = n->epoch,
                          .train_loss = n->loss_sum / n->image_sum,
                          .train_accuracy = n->correct_sum / n->image_sum,
                          .validation_loss = validation.loss,
                          .validation_accuracy = validation.accuracy,
                          .cost = cost,
                          .temperature = now->temperature != NULL ? now->temperature(t) : 0,
                          .learning_rate = phase->learning_rate *
                                           schedule_rate_factor(phase, n->stage_steps - 1, trainer_steps_per_epoch(t)),
                          .seconds = n->epoch_seconds};
    snprintf(row->stage, sizeof row->stage, "%s", now->name);
    n->loss_sum = n->correct_sum = n->image_sum = n->epoch_seconds = 0;
    n->step = 0;
    n->epoch++;
    bool impatient = phase->patience > 0 && n->since_best >= phase->patience;
    stage_verdict verdict = n->epoch >= trainer_epochs(t) || impatient ? STAGE_OVER : STAGE_GO_ON;
    if (now->epoch_end != NULL) TRY(now->epoch_end(t, t->own[n->stage], &validation, &verdict));
    return verdict == STAGE_OVER ? end_stage(t, g) : status_ok();
}
