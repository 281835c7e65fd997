#include "mpi/sweep/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/deploy/integer_training.h"
#include "mpi/sum/rank_group.h"
#include "results/file/checkpoint.h"

enum { MAX_SPANS = 64 };
static const double REPORT_SECONDS = 1.0; /* between progress reports within a segment */

worker worker_new(const sweep_inputs *in, const run *r, const link_world *world, int world_rank)
{
    return (worker){.in = in, .run = r, .world = world, .world_rank = world_rank, .perform = worker_perform};
}

static void add_rungs(wire_report *message, const trainer *t, const stopping_settings *how)
{
    while (how->eta > 0 && message->rung_count < RUNGS_MOST) {
        const record_epoch *at = trainer_last_stage_epoch(t, rungs_epochs(how, message->rung_count));
        if (at == NULL) return;
        message->rungs[message->rung_count++] = (stopping_point){1 - at->validation_accuracy, at->cost};
    }
}

static wire_report report_on(const worker *w, report_kind kind, const trainer *t, status outcome)
{
    wire_report message;
    memset(&message, 0, sizeof message);
    message.kind = kind;
    message.rank = w->world_rank;
    message.outcome = outcome;
    message.test_accuracy = w->test_accuracy;
    if (w->order != NULL) {
        message.task_id = w->order->task_id;
        message.assignment = w->order->assignment;
    }
    if (t != NULL) message.progress = trainer_report(t);
    if (t != NULL) add_rungs(&message, t, &w->in->settings.stopping);
    return message;
}

status worker_report(worker *w, report_kind kind, const trainer *t, status outcome)
{
    wire_report message = report_on(w, kind, t, outcome);
    w->last_report = clock_seconds();
    return w->link.report(w->link.ctx, &message);
}

/* core/train/ranks.h: asked after every step. The leader uses the moment to tell how far it is. */
static bool between_steps(void *ctx)
{
    worker *w = ctx;
    bool stop = w->link.should_stop(w->link.ctx);
    if (w->current == NULL || stop || clock_seconds() - w->last_report < REPORT_SECONDS) return stop;
    return failed(worker_report(w, REPORT_PROGRESS, w->current, status_ok()));
}

static bool assignment_is_over(void *ctx)
{
    worker *w = ctx;
    return w->link.given_up(w->link.ctx);
}

/* One task on one group, from its order to its end. */
typedef struct {
    worker *w;
    rank_group group;
    const task *task;
    const task_kind *kind;
    trainer *trainer;
    span spans[MAX_SPANS];
    int span_count;
    char checkpoint[MAX_PATH_TEXT];
    checkpoint_machine machine;
    claim_fence fence; /* of this task */
} job;

static bool leads(const job *j)
{
    return j->group.link.rank == 0;
}

static void free_parents(record *parents, int count)
{
    for (int i = 0; i < count; i++) record_free(&parents[i]);
    free(parents);
}

/* *out: the records of the task's parents, to be freed with free_parents. */
static status read_parents(record **out, const job *j)
{
    const task *t = j->task;
    const task_plan *plan = &j->w->in->plan;
    *out = NULL;
    record *parents = calloc((size_t)t->parent_count + 1, sizeof *parents);
    if (parents == NULL) return status_fail(STATUS_MEMORY, "no memory for %d parents", t->parent_count);
    for (int i = 0; i < t->parent_count; i++) {
        status s = run_read_task(&parents[i], j->w->run, plan->tasks[task_plan_parent(plan, t, i) - 1].key);
        if (!failed(s)) continue;
        free_parents(parents, t->parent_count);
        return s;
    }
    *out = parents;
    return status_ok();
}

static status open_with(job *j, const record *parents)
{
    const sweep_inputs *in = j->w->in;
    const record *list[TASK_MOST_PARENTS];
    for (int i = 0; i < j->task->parent_count; i++) list[i] = &parents[i];
    trainer_inputs inputs = {
        .settings = &in->settings,
        .graph = &in->networks.graphs[j->task->network],
        .data = &in->data,
        .kernels = in->kernels,
        .cost_models = in->cost_models,
        .task = j->task,
        .kind = j->kind,
        .parents = list,
        .parent_count = j->task->parent_count,
        .integers = &integer_training,
    };
    TRY(trainer_open(&j->trainer, &inputs));
    j->span_count = trainer_spans(j->trainer, j->spans, MAX_SPANS);
    return status_ok();
}

static status open_trainer(job *j)
{
    record *parents;
    TRY(read_parents(&parents, j));
    status opened = open_with(j, parents);
    free_parents(parents, j->task->parent_count);
    return opened;
}

/* Collective on the group. Continues from a checkpoint if there is one. One that belongs to something else or is
 * damaged beyond its previous copy costs time, not the sweep: the task starts over, and its result is the same. */
static status restore(job *j)
{
    struct {
        bool found;
        char warning[256];
    } stored = {.found = false, .warning = ""};
    status local = status_ok();
    if (leads(j)) {
        local = checkpoint_read(&stored.found, stored.warning, j->checkpoint, j->task->key, &j->machine, j->spans,
                                j->span_count);
        if (local.code == STATUS_DATA || local.code == STATUS_CONFIG) {
            TRY(worker_report(j->w, REPORT_WARNING, NULL, status_in(local, "task %d starts over", j->task->id)));
            stored.found = false;
            local = status_ok();
        } else if (stored.warning[0] != '\0') {
            TRY(worker_report(j->w, REPORT_WARNING, NULL, status_fail(STATUS_DATA, "%s", stored.warning)));
        }
    }
    TRY(exchange_agree(&j->group.link, local));
    TRY(exchange_share(&j->group.link, &stored, sizeof stored));
    if (!stored.found) return status_ok();
    for (int i = 0; i < j->span_count; i++) TRY(exchange_share(&j->group.link, j->spans[i].data, j->spans[i].bytes));
    status sound = trainer_restored(j->trainer);
    if (!failed(sound)) return status_ok();
    /* Every rank has the same bytes and comes to the same end. */
    if (leads(j)) TRY(worker_report(j->w, REPORT_WARNING, NULL, status_in(sound, "task %d starts over", j->task->id)));
    trainer_close(j->trainer);
    j->trainer = NULL;
    j->machine.earlier[0] = '\0';
    return exchange_agree(&j->group.link, open_trainer(j));
}

/* By the leader: with the coordinator's consent, the state goes to disk. */
static status keep_checkpoint(job *j, report_kind kind, bool *leave)
{
    wire_report question = report_on(j->w, kind, j->trainer, status_ok());
    TRY(j->w->link.ask(j->w->link.ctx, &question, leave));
    return checkpoint_write(j->checkpoint, j->task->key, &j->machine, j->spans, j->span_count, &j->fence);
}

/* Collective on the group, at a place where the task can be continued. */
static status pass_boundary(job *j, report_kind kind, bool *leave)
{
    struct {
        status kept;
        bool leave;
    } news = {.kept = status_ok(), .leave = false};
    if (leads(j)) news.kept = keep_checkpoint(j, kind, &news.leave);
    if (news.kept.code != STATUS_MPI) TRY(exchange_share(&j->group.link, &news, sizeof news));
    *leave = news.leave;
    return news.kept;
}

/* Collective on the group. */
static status run_segments(job *j, segment_end *end)
{
    ranks_view view = rank_group_view(&j->group);
    *end = SEGMENT_MORE;
    if (leads(j)) TRY(worker_report(j->w, REPORT_PROGRESS, j->trainer, status_ok()));
    while (*end == SEGMENT_MORE) {
        TRY(trainer_segment(j->trainer, &view, end));
        if (*end == SEGMENT_FINISHED) break;
        bool leave = false;
        TRY(pass_boundary(j, *end == SEGMENT_MORE ? REPORT_BOUNDARY : REPORT_READY, &leave));
        if (leave) *end = SEGMENT_STOPPED;
    }
    return status_ok();
}

/* Collective on the group. Everything up to the record; the trainer stays open for it. */
static status train(job *j, segment_end *end)
{
    *end = SEGMENT_STOPPED;
    TRY(exchange_agree(&j->group.link, open_trainer(j)));
    TRY(restore(j));
    if (leads(j)) j->w->current = j->trainer;
    status trained = run_segments(j, end);
    j->w->current = NULL;
    return trained;
}

/* What somebody should know about the place of a result goes to the coordinator. */
static status publish(job *j, const record *result)
{
    char warning[256];
    TRY(run_write_task(warning, j->w->run, result, &j->fence));
    if (warning[0] == '\0') return status_ok();
    return worker_report(j->w, REPORT_WARNING, NULL, status_fail(STATUS_DATA, "%s", warning));
}

/* A task that failed is a result too: the same configuration will fail again. */
static status compose(record *out, const job *j, status trained)
{
    if (failed(trained)) {
        *out = record_of_failure(trained.message);
        return status_ok();
    }
    TRY(trainer_record(out, j->trainer));
    j->w->test_accuracy = out->test_accuracy;
    snprintf(out->earlier_machines, sizeof out->earlier_machines, "%s", j->machine.earlier);
    return status_ok();
}

static status write_result(job *j, status trained)
{
    record result;
    TRY(compose(&result, j, trained));
    status written = task_plan_describe(&result, &j->w->in->plan, j->task, &j->kind->reads);
    if (!failed(written)) written = publish(j, &result);
    record_free(&result);
    return written;
}

static status write_with_consent(job *j, status trained)
{
    wire_report question = report_on(j->w, REPORT_READY, j->trainer, status_ok());
    bool leave; /* it does that anyway */
    TRY(j->w->link.ask(j->w->link.ctx, &question, &leave));
    return write_result(j, trained);
}

/* By the leader, at the end of its task. */
static status conclude(job *j, status trained, segment_end end)
{
    if (!failed(trained) && end == SEGMENT_STOPPED) return worker_report(j->w, REPORT_STOPPED, j->trainer, status_ok());
    status written = trained;
    if (!failed(trained) || trained.code == STATUS_NUMERIC) written = write_with_consent(j, trained);
    if (written.code == STATUS_MPI) return written;
    if (written.code == STATUS_LOST) return worker_report(j->w, REPORT_STOPPED, j->trainer, written);
    if (failed(written)) {
        char label[128];
        task_label(label, j->task);
        return worker_report(j->w, REPORT_BROKEN, NULL, status_in(written, "task %d (%s)", j->task->id, label));
    }
    checkpoint_remove(j->checkpoint);
    return worker_report(j->w, REPORT_DONE, j->trainer, trained);
}

/* The group's part of an order. STATUS_MPI: the group has fallen apart. */
static status perform_in_group(job *j, const wire_order *order)
{
    group_hooks hooks = {.should_stop = between_steps, .given_up = assignment_is_over, .ctx = j->w};
    status opened = rank_group_open(&j->group, j->w->world, order->members, order->member_count, order->assignment,
                                    j->w->sums, hooks);
    if (failed(opened)) return status_fail(STATUS_MPI, "%s", opened.message);
    segment_end end;
    status ending = train(j, &end);
    if (ending.code != STATUS_MPI) ending = leads(j) ? conclude(j, ending, end) : status_ok();
    if (j->trainer != NULL) trainer_close(j->trainer);
    rank_group_close(&j->group);
    return ending;
}

status worker_perform(worker *w, const wire_order *order)
{
    job j = {.w = w, .task = &w->in->plan.tasks[order->task_id - 1]};
    j.kind = strategies_task_kind(j.task->kind);
    j.machine.kernels = w->in->kernels->name;
    run_checkpoint_path(j.checkpoint, w->run, j.task->key);
    j.fence = claim_fence_of(w->run->directory, j.task->key, &order->claim);
    w->order = order;
    status ending = perform_in_group(&j, order);
    if (failed(ending)) {
        ending = assignment_is_over(w) ? status_ok() : worker_report(w, REPORT_GAVE_UP, NULL, ending);
        if (!failed(ending)) ending = worker_report(w, REPORT_FREE, NULL, status_ok());
    }
    w->order = NULL;
    return ending;
}
