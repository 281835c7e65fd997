#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "hw_models/registry.h"
#include "mpi/sweep/coordinator_internal.h"
#include "mpi/sweep/journal.h"

/* The parent that failed, or will, because one of its own has failed. */
static const task *failed_parent(const coordinator *c, const task *t)
{
    const task_plan *plan = &c->in->plan;
    for (int i = 0; i < t->parent_count; i++)
        if (queue_task(&c->queue, task_plan_parent(plan, t, i)) == QUEUE_FAILED)
            return coordinator_task(c, task_plan_parent(plan, t, i));
    return t; /* cannot be: it would not be hopeless */
}

static status write_hopeless(coordinator *c, record *result, const task *t)
{
    char label[TASK_LABEL], warning[256], reason[sizeof result->reason];
    const task *parent = failed_parent(c, t);
    task_label(label, parent);
    snprintf(reason, sizeof reason, "task %.8s (%s), from which it starts, failed", parent->key, label);
    *result = record_of_failure(reason);
    TRY(task_plan_describe(result, &c->in->plan, t, &strategies_task_kind(t->kind)->reads));
    TRY(run_write_task(warning, c->run, result, NULL));
    if (warning[0] != '\0') TRY(coordinator_warn(c, warning));
    return journal_task_finished(c->run, t, coordinator_time(c), status_fail(STATUS_NUMERIC, "%s", result->reason), 0);
}

/* Tasks of which a parent failed become records of their own, so that the results say why they are missing. */
static status fail_hopeless(coordinator *c)
{
    int id;
    while (queue_hopeless(&c->queue, &id)) {
        const task *t = coordinator_task(c, id);
        record result;
        coordinator_count_finished(c, t);
        c->snapshot_due = true;
        status written = write_hopeless(c, &result, t);
        char label[TASK_LABEL];
        task_label(label, t);
        if (!failed(written)) progress_say(c->progress, "task %d %s failed: %s", id, label, result.reason);
        record_free(&result);
        if (failed(written)) return coordinator_note(c, written);
    }
    return status_ok();
}

static running_task *assign(coordinator *c, int id, int ranks)
{
    const task *t = coordinator_task(c, id);
    running_task *a = &c->running[c->running_count++];
    memset(a, 0, sizeof *a);
    a->order = (wire_order){.kind = ORDER_RUN, .task_id = id, .assignment = c->next_assignment++};
    members_take(&c->members, &a->order, ranks);
    const cost_model *charged = cost_list_find(c->in->cost_models, t->cost_model);
    a->shown = (progress_group){.task_id = id,
                                .ranks = ranks,
                                .started = clock_seconds(),
                                .weight = coordinator_task_weight(c, t),
                                .cost_unit = charged != NULL ? charged->unit : NULL};
    task_label(a->shown.label, t);
    progress_task_started(c->progress, &a->shown);
    return a;
}

status coordinator_choose_next(coordinator *c, running_task **next)
{
    *next = NULL;
    job_claims_news news = coordinator_news(c);
    while (true) {
        TRY(fail_hopeless(c));
        TRY(coordinator_tend_rungs(c));
        int id, ranks;
        if (c->stop != STOP_NOT || !queue_next(&c->queue, clock_seconds(), c->members.idle, &id, &ranks))
            return status_ok();
        claim_token claim;
        status taken = job_claims_take(c->claims, id, &claim, &news);
        if (failed(taken)) {
            queue_returned(&c->queue, id);
            return coordinator_note(c, taken);
        }
        if (claim.text[0] == '\0') continue; /* it is another job's, or finished */
        *next = assign(c, id, ranks);
        (*next)->order.claim = claim;
        return coordinator_note(c, journal_task_started(c->run, coordinator_task(c, id), coordinator_time(c),
                                                        (*next)->order.members[0], ranks));
    }
}
