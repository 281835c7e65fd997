/* links: core_strategy hw_models */
/* The two promises, inside one process: a task gives the same bits for every size of its group, and when it is stopped
 * at any step and continued from its spans. Ranks are threads here; mpi/ is tested elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer.h"
#include "core/train/trainer_state.h"
#include "hw_models/registry.h"

enum { SIDE = 6, CHANNELS = 2, CLASSES = 3, SAMPLES = 150, PIXELS = SIDE * SIDE * CHANNELS, MAX_RANKS = 4 };

/* ---- a data set of three kinds of stripes ---- */

static uint8_t pixels[SAMPLES * PIXELS];
static int32_t labels[SAMPLES], numbers[SAMPLES];
static char class_names[CLASSES * DATASET_NAME];

static dataset stripes(void)
{
    for (int n = 0; n < SAMPLES; n++) {
        numbers[n] = n;
        labels[n] = n % 7 < 2 ? 0 : n % 2 + 1; /* classes of different size */
        for (int i = 0; i < PIXELS; i++) {
            int y = i / (SIDE * CHANNELS), x = i / CHANNELS % SIDE;
            int bright = labels[n] == 0 ? y % 2 : labels[n] == 1 ? x % 2 : (x + y) % 2;
            uint32_t noise = rng_draw(5, RNG_SYNTHETIC, (uint32_t)n, (uint32_t)i, 0).word[0];
            pixels[n * PIXELS + i] = (uint8_t)(rng_below(noise, 150) + (uint32_t)(bright * 90));
        }
    }
    dataset d = {.name = "stripes",
                 .height = SIDE,
                 .width = SIDE,
                 .channels = CHANNELS,
                 .classes = CLASSES,
                 .count = SAMPLES,
                 .scale = 1.0f / 255,
                 .labels = labels,
                 .samples = pixels,
                 .class_names = class_names};
    const int first[SPLIT_COUNT] = {0, 90, 120}, count[SPLIT_COUNT] = {90, 30, 30};
    for (int s = 0; s < SPLIT_COUNT; s++) {
        d.split_count[s] = count[s];
        d.split_index[s] = numbers + first[s];
    }
    return d;
}

static settings small_settings(void)
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
static void add_up(member *m, real *values, size_t count)
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

static status team_sum(void *ctx, real *values, size_t count, status local)
{
    member *m = ctx;
    add_up(m, values, count);
    m->begun = 0;
    return local;
}

static atomic_long early_sums;

/* At once: what is not complete yet gives a wrong sum. */
static void team_sum_begin(void *ctx, real *values, size_t count)
{
    member *m = ctx;
    assert_true(count > 0 && m->begun++ < RANKS_SUM_PARTS);
    add_up(m, values, count);
    atomic_fetch_add(&early_sums, 1);
}

static bool member_stops(void *ctx)
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
static status restart(trainer **t, const trainer_inputs *in)
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

static status run_task(job *j)
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

static void *run_thread(void *ctx)
{
    job *j = ctx;
    j->result = run_task(j);
    return NULL;
}

/* Runs one task on `size` ranks and returns rank 0's record; the others must hold the same. */
static record train(const trainer_inputs *in, int size, int stop_every, int *stops)
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

static void assert_same_records(const record *a, const record *b)
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

static const record_tensor *find_tensor(const record *r, const char *layer, const char *what)
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
static trainer_inputs inputs(const world *w, bool point)
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

static int make_world(void **state)
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

static int free_world(void **state)
{
    world *w = *state;
    record_free(&w->point_record);
    record_free(&w->warmup_record);
    graph_free(&w->graph);
    return 0;
}

static void test_training_learns_the_stripes(void **state)
{
    const world *w = *state;
    assert_true(w->warmup_record.test_accuracy > 0.6);
    assert_int_equal(w->warmup_record.epochs, 2);
    assert_int_equal(w->point_record.epochs, 4);
    assert_true(w->point_record.cost_count >= 1);
}

static void test_result_is_the_same_for_every_group_size(void **state)
{
    const world *w = *state;
    for (int point = 0; point < 2; point++)
        for (int size = 2; size <= MAX_RANKS; size *= 2) {
            trainer_inputs in = inputs(w, point == 1);
            record r = train(&in, size, 0, NULL);
            assert_same_records(&r, point == 1 ? &w->point_record : &w->warmup_record);
            record_free(&r);
        }
}

/* Sums over ranks begin while the backward pass goes on, in several parts, with shards cut into pieces and, in the last
 * batch of an epoch, shards without images. */
static void test_sums_that_begin_early_change_nothing(void **state)
{
    world w = *(world *)*state;
    assert_false(failed(graph_load(&w.graph, "tests/support/networks/wide.cfg")));
    w.settings.batch = 88;
    w.settings.warmup.epochs = w.settings.search_phase.epochs = w.settings.finetune.epochs = 1;
    for (int point = 0; point < 2; point++) {
        trainer_inputs in = inputs(&w, point == 1);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        assert_int_equal(t->piece != NULL, point == 1);
        trainer_close(t);
        early_sums = 0;
        record alone = train(&in, 1, 0, NULL), pair = train(&in, 2, 0, NULL), four = train(&in, 4, 0, NULL);
        const int steps = point == 0 ? 2 : 4;
        assert_true(early_sums >= 6 * steps * 2); /* two parts or more of each step on each rank */
        assert_same_records(&pair, &alone);
        assert_same_records(&four, &alone);
        record_free(&pair);
        record_free(&four);
        if (point == 0) {
            w.warmup_record = alone;
            continue;
        }
        /* More shards need no pieces: without batch-norm the same sums, but for their order. */
        w.settings.shards = 16;
        record uncut = train(&in, 1, 0, NULL);
        const double loss = alone.curve[0].train_loss;
        assert_true(fabs(uncut.curve[0].train_loss - loss) < 1e-3 * loss);
        record_free(&uncut);
        record_free(&alone);
    }
    record_free(&w.warmup_record);
    graph_free(&w.graph);
}

static void test_result_is_the_same_when_stopped_anywhere(void **state)
{
    const world *w = *state;
    for (int stop_every = 1; stop_every <= 5; stop_every += 2)
        for (int point = 0; point < 2; point++) {
            trainer_inputs in = inputs(w, point == 1);
            int stops;
            record r = train(&in, stop_every == 3 ? 2 : 1, stop_every, &stops);
            assert_true(stops >= 1);
            assert_same_records(&r, point == 1 ? &w->point_record : &w->warmup_record);
            record_free(&r);
        }
}

static void test_segments_do_not_change_the_result(void **state)
{
    world w = *(world *)*state;
    w.settings.segment_steps = 2;
    trainer_inputs in = inputs(&w, true);
    record r = train(&in, 1, 0, NULL);
    assert_same_records(&r, &w.point_record);
    record_free(&r);
}

/* Fine-tuning steps on the network without its removed channels; what goes with them is 0 in the record. */
static void test_pruned_network_is_trained_the_same_however_it_is_run(void **state)
{
    world w = *(world *)*state;
    w.point.strength = 40;
    trainer_inputs in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    int removed = 0, left = 0;
    for (int i = 0; i < alone.allocation_count; i++) {
        const record_allocation *layer = &alone.allocations[i];
        const int node = graph_find(&w.graph, layer->layer);
        const size_t channels = (size_t)layer->channels, rows = layer_weight_count(&w.graph.layers[node]) / channels;
        const record_tensor *weight = find_tensor(&alone, layer->layer, "weight");
        const record_tensor *bias = find_tensor(&alone, layer->layer, "bias");
        for (size_t c = 0; c < channels; c++) {
            bool all_zero = bias->data[c] == 0;
            for (size_t k = 0; k < rows; k++) all_zero = all_zero && weight->data[k * channels + c] == 0;
            assert_true(all_zero == (layer->bits[c] == 0));
            removed += layer->bits[c] == 0;
            left += layer->bits[c] != 0;
        }
    }
    assert_true(removed > 0 && left > 0);
    record_free(&together);
    record_free(&alone);
}

/* Noise is drawn for each group and step, not for each rank; a restart draws the same again. */
static void test_noisy_choices_do_not_depend_on_ranks_or_stops(void **state)
{
    world w = *(world *)*state;
    w.settings.search.sampling = SAMPLING_HARD_GUMBEL;
    trainer_inputs in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    assert_true(alone.curve[0].train_loss != w.point_record.curve[0].train_loss);
    record_free(&together);
    record_free(&alone);
}

/* Every rule that differs from the published ones at once. */
static void use_new_rules(settings *s)
{
    s->quantizer = (quantizer_rules){.weight_step_2 = WEIGHT_STEP_LEARNED,
                                     .weight_step_4 = WEIGHT_STEP_MSE,
                                     .weight_step_8 = WEIGHT_STEP_LEARNED,
                                     .batchnorm = BATCHNORM_KEPT,
                                     .before_add = BEFORE_ADD_SIGNED,
                                     .clips = CLIPS_DATA,
                                     .clip_percentile = 99.9,
                                     .rounding = ROUNDING_NEAREST};
    s->augment = (augment_settings){.alternating_flip = true, .crop_pixels = 1};
    phase_settings *phases[] = {&s->warmup, &s->search_phase, &s->finetune};
    for (int i = 0; i < 3; i++) {
        phases[i]->optimizer = OPTIMIZER_SGD;
        phases[i]->momentum = 0.9;
        phases[i]->nesterov = true;
        phases[i]->schedule = SCHEDULE_ONE_CYCLE;
        phases[i]->warmup_fraction = -1;
        phases[i]->label_smoothing = 0.1;
        phases[i]->average = 0.2;
        phases[i]->reestimate_batches = 3;
        phases[i]->first_candidate_epoch = 1;
        phases[i]->distill_temperature = 4;
    }
}

static void test_new_rules_do_not_depend_on_ranks_or_stops(void **state)
{
    world w = *(world *)*state;
    use_new_rules(&w.settings);
    w.settings.search_phase.distill = 1;
    w.settings.finetune.distill = 0.5;
    w.point.strength = 40;
    trainer_inputs in = inputs(&w, false);
    record start = train(&in, 1, 0, NULL), start_together = train(&in, 4, 3, NULL);
    assert_same_records(&start, &start_together);
    record_free(&start_together);
    w.warmup_record = start;
    in = inputs(&w, true);
    record alone = train(&in, 1, 0, NULL), together = train(&in, 4, 3, NULL);
    assert_same_records(&alone, &together);
    int removed = 0;
    for (int i = 0; i < alone.allocation_count; i++)
        for (int c = 0; c < alone.allocations[i].channels; c++) removed += alone.allocations[i].bits[c] == 0;
    assert_true(removed > 0);
    record_free(&together);
    record_free(&alone);
    record_free(&start);
}

static void test_reference_arithmetic_trains_another_network(void **state)
{
    world w = *(world *)*state;
    w.settings.arithmetic = ARITHMETIC_REFERENCE;
    trainer_inputs in = inputs(&w, true);
    record r = train(&in, 1, 0, NULL);
    assert_true(isfinite(r.test_loss) && r.test_loss != w.point_record.test_loss);
    record_free(&r);
}

static void test_clips_of_a_signed_input_start_at_the_data_unless_told_otherwise(void **state)
{
    world w = *(world *)*state;
    w.graph.input_signed = true;
    w.graph.input_clip_low = -6;
    w.graph.input_clip_high = 6;
    const struct {
        bool calibrate;
        arithmetic which;
        bool from_data;
    } cases[] = {{true, ARITHMETIC_EXACT, true}, {false, ARITHMETIC_EXACT, false}, {true, ARITHMETIC_REFERENCE, false}};
    for (int i = 0; i < 3; i++) {
        w.settings.search.calibrate_input = cases[i].calibrate;
        w.settings.arithmetic = cases[i].which;
        trainer_inputs in = inputs(&w, true);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        const model_quantizer *q = &t->network.quantizers[w.graph.group_count];
        real high = t->values[t->network.layout.tensors[q->clips].offset];
        real low = t->values[t->network.layout.tensors[q->low].offset];
        assert_true(cases[i].from_data ? high < 1 && low == (real)-1e-3 : high == 6 && low == -6);
        trainer_close(t);
    }
}

/* The epoch kept so far is the first one with the best score, epoch by epoch, as the curve shows it. */
static void test_the_first_epoch_with_the_best_score_is_kept(void **state)
{
    world w = *(world *)*state;
    w.settings.search_phase.epochs = 9;
    w.point.strength = 40;
    for (int select = SELECT_ACCURACY; select <= SELECT_TOTAL_LOSS; select++) {
        bool still = select == SELECT_ACCURACY; /* equal accuracies; else a cost that falls from epoch to epoch */
        w.settings.search_phase.select = (selection)select;
        w.settings.search_phase.learning_rate = still ? 1e-9 : 1e-2;
        w.settings.search.logit_learning_rate = still ? 1e-9 : 0.02;
        trainer_inputs in = inputs(&w, true);
        trainer *t;
        assert_false(failed(trainer_open(&t, &in)));
        ranks_view alone = ranks_alone();
        segment_end end;
        double best = 0, largest_cost = 0, smallest_cost = INFINITY;
        int best_epoch = -1;
        for (int e = 0; e < w.settings.search_phase.epochs - 1; e++) {
            assert_false(failed(trainer_segment(t, &alone, &end)));
            const record_epoch *now = &t->curve[e];
            double score = select == SELECT_ACCURACY ? now->validation_accuracy
                           : select == SELECT_LOSS   ? -now->validation_loss
                                                     : -now->validation_loss - 40 * t->cost_scale * now->cost;
            if (best_epoch < 0 || score > best) {
                best = score;
                best_epoch = e;
            }
            assert_int_equal(t->counters.best_epoch, best_epoch);
            assert_int_equal(t->counters.since_best, e - best_epoch);
            largest_cost = fmax(largest_cost, now->cost);
            smallest_cost = fmin(smallest_cost, now->cost);
        }
        assert_true(still || smallest_cost < largest_cost);
        trainer_close(t);
    }
}

static void test_another_seed_gives_another_result(void **state)
{
    world w = *(world *)*state;
    w.warmup.seed = 4;
    trainer_inputs in = inputs(&w, false);
    record r = train(&in, 1, 0, NULL);
    assert_true(r.test_loss != w.warmup_record.test_loss);
    record_free(&r);
}

static void test_exploding_loss_is_a_failed_task(void **state)
{
    world w = *(world *)*state;
    w.settings.warmup.learning_rate = 1e30;
    trainer_inputs in = inputs(&w, false);
    trainer *t;
    ranks_view alone = ranks_alone();
    segment_end end = SEGMENT_MORE;
    status s = trainer_open(&t, &in);
    while (!failed(s) && end != SEGMENT_FINISHED) s = trainer_segment(t, &alone, &end);
    assert_int_equal(s.code, STATUS_NUMERIC);
    assert_non_null(strstr(s.message, "loss is not finite"));
    trainer_close(t);
}

/* Every counter, every row of the curve and every value that training cannot have led to; t is in its second epoch. */
static void test_an_impossible_state_is_refused(void **state)
{
    const world *w = *state;
    trainer_inputs in = inputs(w, false);
    ranks_view alone = {.size = 1};
    segment_end end;
    trainer *t;
    assert_false(failed(trainer_open(&t, &in)));
    while (t->counters.epoch == 0) assert_false(failed(trainer_segment(t, &alone, &end)));
    const trainer_counters good = t->counters;
    const record_epoch row = t->curve[0];
    status s = trainer_restored(t);
    if (failed(s)) fail_msg("a sound state: %s", s.message);
#define REFUSED(member, value)                                                                                         \
    t->counters.member = value;                                                                                        \
    if (trainer_restored(t).code != STATUS_DATA) fail_msg("%s = %s was accepted", #member, #value);                    \
    t->counters = good
    REFUSED(stage, 1);
    REFUSED(stage, -1);
    REFUSED(epoch, 2);
    REFUSED(epoch, -1);
    REFUSED(step, 1000);
    REFUSED(step, -1);
    REFUSED(finished, 2);
    REFUSED(finished, 1); /* in the middle */
    REFUSED(task_steps, INT64_MAX);
    REFUSED(stage_steps, -1);
    REFUSED(segments_done, INT64_MIN);
    REFUSED(curve_count, 1 << 20);
    REFUSED(curve_count, -1);
    REFUSED(best_epoch, 1);
    REFUSED(best_epoch, -2);
    REFUSED(since_best, 100);
    REFUSED(image_sum, NAN);
    REFUSED(loss_sum, INFINITY);
    REFUSED(seconds, -1);
    REFUSED(best_accuracy, 2);
#undef REFUSED
    t->curve[0].phase = (phase_kind)99;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    memset(t->curve[0].stage, 'x', sizeof t->curve[0].stage); /* without an end */
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    t->curve[0].train_loss = NAN;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->curve[0] = row;
    const real kept = t->values[3];
    t->values[3] = INFINITY;
    assert_int_equal(trainer_restored(t).code, STATUS_DATA);
    t->values[3] = kept;
    assert_false(failed(trainer_restored(t)));
    trainer_close(t);
}

static void test_network_that_does_not_fit_the_data_is_refused(void **state)
{
    world w = *(world *)*state;
    w.data.height = 5;
    trainer_inputs in = inputs(&w, false);
    trainer *t;
    status s = trainer_open(&t, &in);
    assert_int_equal(s.code, STATUS_CONFIG);
    assert_non_null(strstr(s.message, "6x6x2"));
    assert_non_null(strstr(s.message, "5x6x2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_learns_the_stripes),
        cmocka_unit_test(test_result_is_the_same_for_every_group_size),
        cmocka_unit_test(test_sums_that_begin_early_change_nothing),
        cmocka_unit_test(test_result_is_the_same_when_stopped_anywhere),
        cmocka_unit_test(test_segments_do_not_change_the_result),
        cmocka_unit_test(test_pruned_network_is_trained_the_same_however_it_is_run),
        cmocka_unit_test(test_noisy_choices_do_not_depend_on_ranks_or_stops),
        cmocka_unit_test(test_new_rules_do_not_depend_on_ranks_or_stops),
        cmocka_unit_test(test_reference_arithmetic_trains_another_network),
        cmocka_unit_test(test_clips_of_a_signed_input_start_at_the_data_unless_told_otherwise),
        cmocka_unit_test(test_the_first_epoch_with_the_best_score_is_kept),
        cmocka_unit_test(test_another_seed_gives_another_result),
        cmocka_unit_test(test_exploding_loss_is_a_failed_task),
        cmocka_unit_test(test_an_impossible_state_is_refused),
        cmocka_unit_test(test_network_that_does_not_fit_the_data_is_refused),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
