#include "mpi/worker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "mpi/agree.h"
#include "mpi/group.h"
#include "mpi/runtime.h"
#include "results/checkpoint.h"

enum { MAX_SPANS = 64, KEY_TEXT = 64 };
static const double REPORT_SECONDS = 1.0;    /* between progress reports within a segment */
static const double IDLE_NAP_SECONDS = 5e-3; /* the longest wait before an order is seen */

worker worker_new(const sweep_inputs *in, const run *r, const char *fingerprint, MPI_Comm world, int world_rank)
{
    return (worker){.in = in,
                    .run = r,
                    .fingerprint = fingerprint,
                    .world = world,
                    .world_rank = world_rank,
                    .link_fault = status_ok()};
}

static status report(worker *w, report_kind kind, const trainer *t, status outcome)
{
    wire_report message;
    memset(&message, 0, sizeof message);
    message.kind = kind;
    message.rank = w->world_rank;
    message.outcome = outcome;
    message.test_accuracy = w->test_accuracy;
    if (w->order != NULL) {
        message.task_id = w->order->task_id;
        message.lot = w->order->lot;
    }
    if (t != NULL) message.progress = trainer_report(t);
    w->last_report = clock_seconds();
    return w->link.report(w->link.ctx, &message);
}

/* core/train/group.h: asked after every step. The leader uses the moment to tell how far it is. */
static bool between_steps(void *ctx)
{
    worker *w = ctx;
    bool stop = w->link.should_stop(w->link.ctx) || runtime_stop_wanted() || failed(w->link_fault);
    if (w->current != NULL && !stop && clock_seconds() - w->last_report >= REPORT_SECONDS)
        w->link_fault = report(w, REPORT_PROGRESS, w->current, status_ok());
    return stop || failed(w->link_fault);
}

/* One task on one group, from its order to its end. */
typedef struct {
    worker *w;
    rank_group group;
    const task *task;
    trainer *trainer;
    span spans[MAX_SPANS];
    int span_count;
    char checkpoint[MAX_PATH_TEXT], key[KEY_TEXT];
} job;

static bool leads(const job *j)
{
    return j->group.rank == 0;
}

static status open_trainer(job *j)
{
    const sweep_inputs *in = j->w->in;
    trainer_inputs inputs = {
        .settings = &in->settings,
        .graph = &in->graph,
        .data = &in->data,
        .kernels = in->kernels,
        .cost_models = in->cost_models,
        .task = j->task,
        .warmup = NULL,
    };
    record warmup;
    memset(&warmup, 0, sizeof warmup);
    if (j->task->depends_on != 0) {
        TRY(run_read_task(&warmup, j->w->run, j->task->depends_on));
        inputs.warmup = &warmup;
    }
    status opened = trainer_open(&j->trainer, &inputs);
    record_free(&warmup);
    TRY(opened);
    j->span_count = trainer_spans(j->trainer, j->spans, MAX_SPANS);
    return status_ok();
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
        local = checkpoint_read(&stored.found, stored.warning, j->checkpoint, j->key, j->spans, j->span_count);
        if (local.code == STATUS_DATA || local.code == STATUS_CONFIG) {
            TRY(report(j->w, REPORT_WARNING, NULL, status_in(local, "task %d starts over", j->task->id)));
            stored.found = false;
            local = status_ok();
        } else if (stored.warning[0] != '\0') {
            TRY(report(j->w, REPORT_WARNING, NULL, status_fail(STATUS_DATA, "%s", stored.warning)));
        }
    }
    TRY(rank_group_agree(&j->group, local));
    TRY(rank_group_share(&j->group, &stored, sizeof stored));
    if (!stored.found) return status_ok();
    for (int i = 0; i < j->span_count; i++) TRY(rank_group_share(&j->group, j->spans[i].data, j->spans[i].bytes));
    trainer_restored(j->trainer);
    return status_ok();
}

/* Collective on the group. */
static status run_segments(job *j, segment_end *end)
{
    group view = rank_group_view(&j->group, between_steps, j->w);
    *end = SEGMENT_MORE;
    while (*end == SEGMENT_MORE) {
        if (leads(j)) TRY(report(j->w, REPORT_PROGRESS, j->trainer, status_ok()));
        TRY(trainer_segment(j->trainer, &view, end));
        if (*end == SEGMENT_FINISHED) break;
        status kept = leads(j) ? checkpoint_write(j->checkpoint, j->key, j->spans, j->span_count, NULL)
                              : status_ok();
        TRY(rank_group_agree(&j->group, kept));
    }
    return j->w->link_fault;
}

/* Collective on the group. Everything up to the record; the trainer stays open for it. */
static status train(job *j, segment_end *end)
{
    *end = SEGMENT_STOPPED;
    TRY(rank_group_agree(&j->group, open_trainer(j)));
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
    TRY(run_write_task(warning, j->w->run, result, NULL));
    if (warning[0] == '\0') return status_ok();
    return report(j->w, REPORT_WARNING, NULL, status_fail(STATUS_DATA, "%s", warning));
}

static status write_result(job *j)
{
    record result;
    TRY(trainer_record(&result, j->trainer));
    j->w->test_accuracy = result.test_accuracy;
    status written = publish(j, &result);
    record_free(&result);
    return written;
}

/* A task that failed is a result too: the same configuration will fail again. */
static status write_failure(job *j, status reason)
{
    record result;
    memset(&result, 0, sizeof result);
    result.task = *j->task;
    result.state = RECORD_FAILED;
    snprintf(result.reason, sizeof result.reason, "%.255s", reason.message);
    result.validation_accuracy = result.validation_loss = result.test_accuracy = result.test_loss = NAN;
    return publish(j, &result);
}

/* By the leader, at the end of its task. */
static status conclude(job *j, status trained, segment_end end)
{
    if (!failed(trained) && end == SEGMENT_STOPPED) return report(j->w, REPORT_STOPPED, j->trainer, status_ok());
    status written = trained;
    if (trained.code == STATUS_NUMERIC)
        written = write_failure(j, trained);
    else if (!failed(trained))
        written = write_result(j);
    if (failed(written)) {
        char label[128];
        task_label(label, j->task);
        return report(j->w, REPORT_BROKEN, NULL, status_in(written, "task %d (%s)", j->task->id, label));
    }
    checkpoint_remove(j->checkpoint);
    return report(j->w, REPORT_DONE, j->trainer, trained);
}

status worker_perform(worker *w, const wire_order *order)
{
    job j = {.w = w, .task = &w->in->tasks[order->task_id - 1]};
    run_checkpoint_path(j.checkpoint, w->run, j.task->id);
    snprintf(j.key, sizeof j.key, "task %d of %s", j.task->id, w->fingerprint);
    TRY(rank_group_form(&j.group, w->world, order->members, order->member_count, order->lot));
    w->order = order;
    segment_end end;
    status trained = train(&j, &end);
    status link = trained.code == STATUS_MPI ? trained : leads(&j) ? conclude(&j, trained, end) : status_ok();
    w->order = NULL;
    if (j.trainer != NULL) trainer_close(j.trainer);
    rank_group_free(&j.group);
    return link;
}

/* The link of a worker whose coordinator is another rank. */
static status send_report(void *ctx, const wire_report *message)
{
    worker *w = ctx;
    return wire_send(w->world, 0, WIRE_TAG_REPORT, message, sizeof *message);
}

static bool stop_arrived(void *ctx)
{
    worker *w = ctx;
    bool taken = false;
    status s = wire_take(&taken, w->world, 0, WIRE_TAG_STOP, NULL, 0);
    if (failed(s)) w->link_fault = s;
    w->stop_seen = w->stop_seen || taken;
    return w->stop_seen;
}

status worker_serve(worker *w)
{
    w->link = (worker_link){.report = send_report, .should_stop = stop_arrived, .ctx = w};
    patience waiting = {.longest_nap = IDLE_NAP_SECONDS};
    while (true) {
        wire_order order;
        bool taken = false;
        TRY(wire_take(&taken, w->world, 0, WIRE_TAG_ORDER, &order, sizeof order));
        if (taken && order.kind == ORDER_LEAVE) break;
        if (taken) {
            TRY(worker_perform(w, &order));
            waiting = (patience){.longest_nap = IDLE_NAP_SECONDS};
        } else if (runtime_stop_wanted() && !w->stop_told) {
            TRY(report(w, REPORT_STOP_WANTED, NULL, status_ok()));
            w->stop_told = true;
        } else {
            patience_pause(&waiting);
        }
    }
    (void)stop_arrived(w); /* a stop that crossed our last report must not stay behind in the communicator */
    TRY(w->link_fault);
    return report(w, REPORT_LEFT, NULL, status_ok());
}
