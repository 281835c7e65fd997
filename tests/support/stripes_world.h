/* stripes_world: a small data set, a warm-up and a point, trained on ranks that are threads of the test and may stop
 * anywhere. To be included after cmocka; the test links core_strategy and hw_models. */
#ifndef TESTS_SUPPORT_STRIPES_WORLD_H
#define TESTS_SUPPORT_STRIPES_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/graph/graph_build.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "core/train/trainer_state.h"
#include "hw_models/registry.h"
#include "tests/support/stripes.h"

enum { MAX_RANKS = 4 };

static inline settings small_settings(void)
{
    settings s;
    memset(&s, 0, sizeof s);
    phase_settings phase = {.epochs = 2,
                            .learning_rate = 1e-2,
                            .weight_decay = 1e-4,
                            .learning_rate_decay = 0.9,
                            .first_candidate_epoch = -1};
    s.batch = 16;
    s.shards = 4;
    s.class_weights = true;
    s.augment.flip = true;
    s.warmup = s.search_phase = s.finetune = phase;
    s.search = (search_settings){.activation_count = 2,
                                 .activation_bits = {4, 8},
                                 .input_count = 1,
                                 .input_bits = {8},
                                 .logit_learning_rate = 0.1,
                                 .logit_momentum = 0.9,
                                 .temperature = 1,
                                 .temperature_factor = 0.5,
                                 .normalize_cost = true};
    return s;
}

/* ---- ranks as threads ---- */

typedef struct {
    pthread_barrier_t barrier;
    real *values[MAX_RANKS];
    int size;
} team;

typedef struct {
    team *team;
    int rank;
    int stop_after; /* steps until this rank wants to stop; negative: never */
    int begun;      /* sums of this step */
} member;

/* Recursive doubling by definition: level by level, each rank adds its partner's values. */
static inline void add_up(member *m, real *values, size_t count)
{
    real *own = malloc(count * sizeof *own);
    for (int distance = 1; distance < m->team->size; distance *= 2) {
        m->team->values[m->rank] = values;
        pthread_barrier_wait(&m->team->barrier);
        const real *partner = m->team->values[m->rank ^ distance];
        for (size_t i = 0; i < count; i++) own[i] = values[i] + partner[i];
        pthread_barrier_wait(&m->team->barrier);
        memcpy(values, own, count * sizeof *own);
    }
    free(own);
}

static inline status team_sum(void *ctx, real *values, size_t count, status local)
{
    member *m = ctx;
    add_up(m, values, count);
    m->begun = 0;
    return local;
}

static atomic_long early_sums;

/* At once: what is not complete yet gives a wrong sum. */
static inline void team_sum_begin(void *ctx, real *values, size_t count)
{
    member *m = ctx;
    assert_true(count > 0 && m->begun++ < RANKS_SUM_PARTS);
    add_up(m, values, count);
    atomic_fetch_add(&early_sums, 1);
}

static inline bool member_stops(void *ctx)
{
    member *m = ctx;
    return m->stop_after >= 0 && m->stop_after-- == 0;
}

typedef struct {
    const trainer_inputs *in;
    member member;
    record outcome;
    int stops; /* how often the task was left and continued in a fresh trainer */
    int stop_every;
    status result;
} job;

/* Copies the spans of one trainer into a fresh one, as a checkpoint does. */
static inline status restart(trainer **t, const trainer_inputs *in)
{
    trainer *fresh;
    TRY(trainer_open(&fresh, in));
    span from[8], to[8];
    int count = trainer_spans(*t, from, 8);
    trainer_spans(fresh, to, 8);
    for (int i = 0; i < count; i++) memcpy(to[i].data, from[i].data, from[i].bytes);
    TRY(trainer_restored(fresh));
    trainer_close(*t);
    *t = fresh;
    return status_ok();
}

static inline status run_task(job *j)
{
    trainer *t;
    TRY(trainer_open(&t, j->in));
    ranks_view g = {.rank = j->member.rank,
                    .size = j->member.team->size,
                    .sum = team_sum,
                    .sum_begin = team_sum_begin,
                    .should_stop = member_stops,
                    .ctx = &j->member};
    j->member.stop_after = j->stop_every > 0 ? j->stop_every : -1;
    segment_end end;
    do {
        TRY(trainer_segment(t, &g, &end));
        if (end == SEGMENT_STOPPED) {
            j->stops++;
            j->member.stop_after = j->stop_every + j->stops % 3;
            TRY(restart(&t, j->in));
        }
    } while (end != SEGMENT_FINISHED);
    status s = trainer_record(&j->outcome, t);
    trainer_close(t);
    return s;
}

static inline void *run_thread(void *ctx)
{
    job *j = ctx;
    j->result = run_task(j);
    return NULL;
}

/* Runs one task on `size` ranks and returns rank 0's record; the others must hold the same. */
static inline record train(const trainer_inputs *in, int size, int stop_every, int *stops)
{
    team ranks = {.size = size};
    pthread_barrier_init(&ranks.barrier, NULL, (unsigned)size);
    job jobs[MAX_RANKS];
    pthread_t threads[MAX_RANKS];
    for (int r = 0; r < size; r++) {
        jobs[r] = (job){.in = in, .member = {.team = &ranks, .rank = r}, .stop_every = stop_every};
        pthread_create(&threads[r], NULL, run_thread, &jobs[r]);
    }
    for (int r = 0; r < size; r++) pthread_join(threads[r], NULL);
    pthread_barrier_destroy(&ranks.barrier);
    for (int r = 0; r < size; r++) {
        if (failed(jobs[r].result)) fail_msg("rank %d: %s", r, jobs[r].result.message);
        assert_true(jobs[r].outcome.test_loss == jobs[0].outcome.test_loss);
        if (r > 0) record_free(&jobs[r].outcome);
    }
    if (stops != NULL) *stops = jobs[0].stops;
    return jobs[0].outcome;
}

static inline void assert_same_records(const record *a, const record *b)
{
    assert_memory_equal(&a->test_loss, &b->test_loss, sizeof a->test_loss);
    assert_memory_equal(&a->test_accuracy, &b->test_accuracy, sizeof a->test_accuracy);
    assert_memory_equal(&a->validation_loss, &b->validation_loss, sizeof a->validation_loss);
    assert_int_equal(a->cost_count, b->cost_count);
    for (int i = 0; i < a->cost_count; i++) assert_true(a->costs[i].value == b->costs[i].value);
    assert_int_equal(a->epoch_count, b->epoch_count);
    for (int i = 0; i < a->epoch_count; i++) {
        assert_true(a->curve[i].train_loss == b->curve[i].train_loss);
        assert_true(a->curve[i].validation_loss == b->curve[i].validation_loss);
    }
    assert_int_equal(a->tensor_count, b->tensor_count);
    for (int i = 0; i < a->tensor_count; i++) {
        size_t count = 1;
        for (int d = 0; d < a->tensors[i].rank; d++) count *= a->tensors[i].dims[d];
        assert_memory_equal(a->tensors[i].data, b->tensors[i].data, count * sizeof(float));
    }
    assert_int_equal(a->allocation_count, b->allocation_count);
    for (int i = 0; i < a->allocation_count; i++)
        assert_memory_equal(a->allocations[i].bits, b->allocations[i].bits, (size_t)a->allocations[i].channels);
}

static inline const record_tensor *find_tensor(const record *r, const char *layer, const char *what)
{
    char name[2 * RECORD_NAME];
    snprintf(name, sizeof name, "%s.%s", layer, what);
    for (int i = 0; i < r->tensor_count; i++)
        if (strcmp(r->tensors[i].name, name) == 0) return &r->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* ---- the whole life of a warm-up and a point, once and in variations ---- */

typedef struct {
    graph graph;
    dataset data;
    settings settings;
    task warmup, point;
    record warmup_record, point_record; /* on one rank, undisturbed */
} world;

/* The point's parent stays where it is. */
static inline trainer_inputs inputs(const world *w, bool point)
{
    static const record *parents[1];
    parents[0] = &w->warmup_record;
    return (trainer_inputs){.settings = &w->settings,
                            .graph = &w->graph,
                            .data = &w->data,
                            .kernels = kernels_choose(NULL),
                            .cost_models = cost_models(),
                            .task = point ? &w->point : &w->warmup,
                            .kind = strategies_task_kind(point ? "joint" : "warmup"),
                            .parents = parents,
                            .parent_count = point ? 1 : 0};
}

static inline int make_world(void **state)
{
    static world w;
    if (failed(graph_load(&w.graph, "tests/support/networks/small.cfg"))) return -1;
    w.data = stripes();
    w.settings = small_settings();
    w.warmup = (task){.id = 1, .kind = "warmup", .entry = -1, .seed = 3, .strategy = "warmup", .cost_model = "none"};
    w.point = (task){.id = 2,
                     .point = true,
                     .kind = "joint",
                     .entry = -1,

                     .seed = 3,
                     .strategy = "joint",
                     .cost_model = "size",
                     .strength = 1};
    trainer_inputs in = inputs(&w, false);
    w.warmup_record = train(&in, 1, 0, NULL);
    in = inputs(&w, true);
    w.point_record = train(&in, 1, 0, NULL);
    *state = &w;
    return 0;
}

static inline int free_world(void **state)
{
    world *w = *state;
    record_free(&w->point_record);
    record_free(&w->warmup_record);
    graph_free(&w->graph);
    return 0;
}

#endif
