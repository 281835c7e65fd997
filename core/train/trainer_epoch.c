#include "core/train/trainer_epoch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/train/schedule.h"
#include "core/train/task_kind.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_statistics.h"

/* The prepared candidate in float, or by the integers that were taken of it. */
static status evaluate_prepared(trainer *t, const ranks_view *g, split which, bool integers, evaluation *out)
{
    const augment_settings *augment = &t->in.settings->augment;
    const bool augmented = which == SPLIT_VALIDATION && augment->validation;
    evaluation_work work = t->evaluation;
    work.ops = t->in.integers;
    work.integers = integers ? t->integers : NULL;
    return evaluate(out, t->small.model, t->small.values, t->in.data, which, t->class_weight,
                    augmented ? augment : NULL, t->in.task->seed, trainer_draw_epoch(t), &work, g);
}

static status evaluate_candidate(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    const bool integers = trainer_runs_integers(t);
    TRY(trainer_prepare_discrete(t));
    if (integers) TRY(trainer_take_integers(t, t->small.model, false));
    return evaluate_prepared(t, g, which, integers, out);
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

status trainer_evaluate_integers(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    take_candidate(t, t->values);
    TRY(trainer_prepare_discrete(t));
    TRY(trainer_take_integers(t, t->small.model, false));
    return evaluate_prepared(t, g, which, true, out);
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
    if (trainer_runs_integers(t)) return status_ok(); /* it was trained with the statistics that it has */
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

/* By the integers of the candidate that is prepared. Where there are none it is said why. */
static status test_integers(trainer *t, const ranks_view *g, const evaluation *test)
{
    trainer_counters *n = &t->counters;
    n->integer_accuracy = NAN;
    if (!t->network.options.quantized || t->integers == NULL) {
        snprintf(n->integer_reason, sizeof n->integer_reason, "%s",
                 t->integers == NULL && t->network.options.quantized ? "nothing here computes with integers"
                                                                     : "a network in float has no integers");
        return status_ok();
    }
    evaluation tested = *test;
    if (!trainer_runs_integers(t)) {
        status taken = trainer_take_integers(t, t->small.model, false);
        if (taken.code == STATUS_NUMERIC) {
            snprintf(n->integer_reason, sizeof n->integer_reason, "%.*s", (int)sizeof n->integer_reason - 1,
                     taken.message);
            return status_ok();
        }
        TRY(taken);
        TRY(evaluate_prepared(t, g, SPLIT_TEST, true, &tested));
    }
    n->integer_accuracy = tested.accuracy;
    return status_ok();
}

static status test(trainer *t, const ranks_view *g)
{
    evaluation test;
    TRY(trainer_evaluate(t, g, SPLIT_TEST, &test));
    if (!isfinite(test.loss) || !isfinite(t->counters.best_loss))
        return status_fail(STATUS_NUMERIC, "the loss of the final network is not finite: lower the learning rate");
    t->counters.test_loss = test.loss;
    t->counters.test_accuracy = test.accuracy;
    TRY(test_integers(t, g, &test));
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
