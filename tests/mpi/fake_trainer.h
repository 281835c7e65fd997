/* fake_trainer: a trainer (core/train/trainer.h) that sleeps instead of training, so that coordinator and workers can
 * be tested without the engine. Its result is a number that depends on every step, on the sum over the group in tree
 * order, on the parents and on the restored state: it is right only if everything around it did its part. To be
 * included once. */
#ifndef TESTS_MPI_FAKE_TRAINER_H
#define TESTS_MPI_FAKE_TRAINER_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/rng.h"
#include "core/train/trainer.h"

enum { FAKE_EPOCHS = 4, FAKE_STEPS = 10, FAKE_MAX_SHARDS = 8 };

/* What shall happen in this scenario, the same on all ranks except where a rank is named. 0: nothing. */
static struct {
    double step_seconds;
    int unequal;                    /* task i takes 1 + i % unequal times as long; 0: all alike ... */
    int long_task;                  /* ... except this one, 8 times, and larger groups are faster; 0: they are not */
    int numeric_task;               /* this task fails in its second epoch */
    int io_task, io_group_rank;     /* in this task, the file system fails on this rank of the group */
    int open_fails_task;            /* opening this task fails */
    int signal_task, signal_number; /* the leader of this task raises a signal in its third epoch */
    int silent_task, silent_group_rank; /* this rank of this task sleeps for so long, in its second epoch ... */
    double silent_seconds;
    char silent_file[600]; /* made by the one that does it ... */
    int silent_times;      /* ... with a number: so often in a sweep */
    int stop_file_task;    /* the leader of this task makes the file in its second epoch */
    char stop_file[600];
    int world_rank;
    long steps_done; /* by this rank as a leader */
    int largest_group;
} fake;

typedef struct {
    int32_t epoch, step;
    double value;
} fake_state;

struct trainer {
    trainer_inputs in;
    fake_state state;
    double seconds;
};

/* The contribution of one shard to one step. */
static double fake_shard(int task_id, int epoch, int step, int shard)
{
    rng_block b = rng_draw((uint64_t)task_id, RNG_INIT, (uint32_t)(epoch * FAKE_STEPS + step), (uint32_t)shard, 0);
    return ldexp(rng_uniform(b.word[0]) - 0.5, (int)rng_below(b.word[1], 20));
}

/* In `real`, as the group sums. */
static real fake_tree(int task_id, int epoch, int step, int first, int count)
{
    if (count == 1) return (real)fake_shard(task_id, epoch, step, first);
    return fake_tree(task_id, epoch, step, first, count / 2) +
           fake_tree(task_id, epoch, step, first + count / 2, count / 2);
}

/* The result of a task, computed by one process without a group. */
static double fake_expected(int task_id, double start, int shards)
{
    double value = start;
    for (int e = 0; e < FAKE_EPOCHS; e++)
        for (int s = 0; s < FAKE_STEPS; s++) value = value * 0.75 + (double)fake_tree(task_id, e, s, 0, shards);
    return value;
}

status trainer_open(trainer **out, const trainer_inputs *in)
{
    if (in->task->id == fake.open_fails_task) return status_fail(STATUS_NUMERIC, "cannot start");
    trainer *t = calloc(1, sizeof *t);
    if (t == NULL) return status_fail(STATUS_MEMORY, "no memory");
    t->in = *in;
    for (int i = 0; i < in->parent_count; i++) t->state.value += (i + 1) * in->parents[i]->validation_loss;
    *out = t;
    return status_ok();
}

void trainer_close(trainer *t)
{
    free(t);
}

int trainer_spans(trainer *t, span *out, int room)
{
    (void)room;
    out[0] = (span){"state", &t->state, sizeof t->state};
    return 1;
}

status trainer_restored(trainer *t)
{
    (void)t;
    return status_ok();
}

static status fake_local(const trainer *t, const ranks_view *g)
{
    int id = t->in.task->id;
    if (id == fake.numeric_task && t->state.epoch == 1 && t->state.step == 3 && g->rank == g->size - 1)
        return status_fail(STATUS_NUMERIC, "loss not finite in epoch 1");
    if (id == fake.io_task && t->state.epoch == 2 && g->rank == fake.io_group_rank % g->size)
        return status_fail(STATUS_IO, "cannot write somewhere: No space left on device");
    if (id == fake.silent_task && t->state.epoch == 1 && t->state.step == 5 &&
        g->rank == fake.silent_group_rank % g->size) {
        int fd = -1;
        for (int i = 0; i < fake.silent_times && fd < 0; i++) {
            char path[sizeof fake.silent_file + 16];
            snprintf(path, sizeof path, "%s%d", fake.silent_file, i);
            fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0666);
        }
        if (fd >= 0) {
            close(fd);
            clock_sleep(fake.silent_seconds);
        }
    }
    if (id == fake.stop_file_task && t->state.epoch == 1 && t->state.step == 0 && g->rank == 0)
        return file_write_text(fake.stop_file, "");
    if (id == fake.signal_task && t->state.epoch == 2 && t->state.step == 5 && g->rank == 0) raise(fake.signal_number);
    return status_ok();
}

/* Of one step. */
static double fake_seconds(const trainer *t, int ranks)
{
    if (fake.unequal == 0) return fake.step_seconds;
    int id = t->in.task->id, times = id == fake.long_task ? 8 : 1 + id % fake.unequal;
    return fake.step_seconds * times / ranks;
}

status trainer_segment(trainer *t, const ranks_view *g, segment_end *end)
{
    fake_state *at = &t->state;
    if (g->size > fake.largest_group) fake.largest_group = g->size;
    while (at->step < FAKE_STEPS) {
        clock_sleep(fake_seconds(t, g->size));
        t->seconds += fake_seconds(t, g->size);
        int own = t->in.settings->shards / g->size;
        status local = fake_local(t, g);
        real values[3] = {fake_tree(t->in.task->id, at->epoch, at->step, g->rank * own, own), 0, 0};
        ranks_show_life(g);
        if (g->should_stop != NULL && g->should_stop(g->ctx)) values[1] = 1;
        if (g->sum != NULL) local = g->sum(g->ctx, values, 2, local);
        if (failed(local)) return local;
        at->value = at->value * 0.75 + (double)values[0];
        at->step++;
        if (g->rank == 0) fake.steps_done++;
        if (values[1] == 0) continue;
        *end = SEGMENT_STOPPED;
        return status_ok();
    }
    at->step = 0;
    at->epoch++;
    *end = at->epoch == FAKE_EPOCHS ? SEGMENT_FINISHED : SEGMENT_MORE;
    return status_ok();
}

status trainer_record(record *out, const trainer *t)
{
    memset(out, 0, sizeof *out);
    out->task = *t->in.task;
    out->state = RECORD_DONE;
    out->validation_loss = t->state.value;
    out->epochs = FAKE_EPOCHS;
    out->seconds = t->seconds;
    return status_ok();
}

const record_epoch *trainer_last_stage_epoch(const trainer *t, int epochs)
{
    (void)t;
    (void)epochs;
    return NULL;
}

trainer_progress trainer_report(const trainer *t)
{
    trainer_progress p = {.phase = t->in.task->point ? PHASE_SEARCH : PHASE_WARMUP,
                          .epoch = t->state.epoch,
                          .epochs = FAKE_EPOCHS,
                          .segments_done = t->state.epoch};
    p.fraction = (t->state.epoch + (double)t->state.step / FAKE_STEPS) / FAKE_EPOCHS;
    return p;
}

#endif
