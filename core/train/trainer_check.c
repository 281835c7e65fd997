#include "core/train/trainer_check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/train/task_kind.h"

static status impossible(const char *what, double value)
{
    return status_fail(STATUS_DATA, "the state of a checkpoint is impossible: %s is %g", what, value);
}

/* One number, and what it may be. NaN is never within. */
typedef struct {
    const char *name;
    double value, low, high;
} bound;

static status check_bounds(const bound *bounds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(bounds[i].value >= bounds[i].low && bounds[i].value <= bounds[i].high))
            return impossible(bounds[i].name, bounds[i].value);
    return status_ok();
}

#define CHECK(bounds) check_bounds(bounds, sizeof(bounds) / sizeof *(bounds))

static status check_counters(const trainer *t)
{
    const trainer_counters *n = &t->counters;
    int stages = 0;
    while (t->in.kind->stages[stages] != NULL) stages++;
    const bound place[] = {{"stage", n->stage, 0, stages - 1}, {"finished", n->finished, 0, n->stage == stages - 1}};
    TRY(CHECK(place)); /* what follows depends on the stage */
    const double epochs = trainer_epochs(t), steps = trainer_steps_per_epoch(t), most = (double)t->curve_room * steps;
    const double images = (double)t->in.data->split_count[SPLIT_TRAIN];
    const bool over = n->finished != 0;
    const bool early = trainer_settings(t)->patience > 0 || trainer_stage(t)->epoch_end != NULL; /* may end so */
    const bound counters[] = {
        {"epoch", n->epoch,
         !over   ? 0
         : early ? 1
                 : epochs,
         over ? epochs : epochs - 1},
        {"step", n->step, 0, over ? 0 : steps},
        {"task_steps", (double)n->task_steps, (double)n->stage_steps, most},
        {"stage_steps", (double)n->stage_steps, 0, epochs * steps},
        {"segments_done", (double)n->segments_done, 0, most + t->curve_room},
        {"curve_count", (double)n->curve_count, n->epoch, trainer_epochs_before(t, n->stage) + n->epoch},
        {"best_epoch", n->best_epoch, -1, n->epoch - 1},
        {"since_best", n->since_best, 0, n->epoch},
        {"image_sum", n->image_sum, n->step > 0 ? 1 : 0, images},
        {"correct_sum", n->correct_sum, 0, images},
        {"loss_sum", n->loss_sum, -DBL_MAX, DBL_MAX},
        {"epoch_seconds", n->epoch_seconds, 0, DBL_MAX},
        {"seconds", n->seconds, 0, DBL_MAX},
    };
    TRY(CHECK(counters));
    const bound best[] = {{"best_score", n->best_score, -DBL_MAX, DBL_MAX},
                          {"best_loss", n->best_loss, -DBL_MAX, DBL_MAX},
                          {"best_accuracy", n->best_accuracy, 0, 1}};
    if (n->best_epoch >= 0) TRY(CHECK(best));
    const bound test[] = {{"test_loss", n->test_loss, -DBL_MAX, DBL_MAX}, {"test_accuracy", n->test_accuracy, 0, 1}};
    if (memchr(n->integer_reason, '\0', sizeof n->integer_reason) == NULL)
        return impossible("the end of the reason without integers", (double)sizeof n->integer_reason);
    const bound integers[] = {{"integer_accuracy", n->integer_accuracy, 0, 1}};
    if (over && !isnan(n->integer_accuracy)) TRY(CHECK(integers));
    return over ? CHECK(test) : status_ok();
}

/* A stage of the task with this name. */
static bool is_stage(const trainer *t, const char name[RECORD_STAGE])
{
    if (memchr(name, '\0', RECORD_STAGE) == NULL) return false;
    for (int i = 0; t->in.kind->stages[i] != NULL; i++)
        if (strcmp(t->in.kind->stages[i]->name, name) == 0) return true;
    return false;
}

static status check_curve(const trainer *t)
{
    for (int64_t i = 0; i < t->counters.curve_count; i++) {
        const record_epoch *row = &t->curve[i];
        if (!is_stage(t, row->stage)) return impossible("the stage of a row of the curve", (double)i);
        const bound values[] = {
            {"phase", row->phase, 0, PHASE_COUNT - 1},
            {"epoch of the curve", row->epoch, 0, t->curve_room - 1},
            {"train_loss", row->train_loss, -DBL_MAX, DBL_MAX},
            {"train_accuracy", row->train_accuracy, 0, 1},
            {"validation_loss", row->validation_loss, -DBL_MAX, DBL_MAX},
            {"validation_accuracy", row->validation_accuracy, 0, 1},
            {"cost", row->cost, 0, DBL_MAX},
            {"temperature", row->temperature, -DBL_MAX, DBL_MAX},
            {"learning_rate", row->learning_rate, -DBL_MAX, DBL_MAX},
            {"seconds of an epoch", row->seconds, 0, DBL_MAX},
        };
        TRY(CHECK(values));
    }
    return status_ok();
}

static status check_reals(const char *name, const real *values, size_t count)
{
    for (size_t i = 0; values != NULL && i < count; i++)
        if (!isfinite(values[i])) return impossible(name, (double)values[i]);
    return status_ok();
}

static status check_values(const trainer *t)
{
    const model_layout *layout = &t->network.layout;
    TRY(check_reals("a weight", t->values, layout->total));
    TRY(check_reals("a weight of the best epoch", t->best, layout->total));
    TRY(check_reals("a first moment", t->first, layout->total));
    TRY(check_reals("a second moment", t->second, layout->total));
    TRY(check_reals("a velocity", t->velocity, layout->choices - layout->clips));
    TRY(check_reals("an average", t->average, layout->total));
    for (int i = 0; t->in.kind->stages[i] != NULL; i++)
        if (t->own[i] != NULL) TRY(check_reals("a value of a stage", t->own[i], t->in.kind->stages[i]->state_reals(t)));
    return status_ok();
}

status trainer_check(const trainer *t)
{
    TRY(check_counters(t));
    TRY(check_curve(t));
    return check_values(t);
}
