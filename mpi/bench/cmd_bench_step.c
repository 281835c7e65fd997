/* bitfront bench step: how many images a second a phase of a task trains, and what the time goes to. It trains with the
 * same trainer as a sweep; every segment of it is one step. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/deploy/integer_training.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer_probe.h"
#include "hw_models/registry.h"
#include "mpi/link/agree.h"
#include "mpi/bench/cmd_bench.h"
#include "mpi/bench/cmd_bench_limits.h"
#include "mpi/bench/cmd_bench_step_print.h"
#include "mpi/sum/rank_group.h"

enum { WARM_STEPS = 3, MAX_RANKS = 256 };
static const double CALIBRATION_SECONDS = 0.05; /* between two repeats */

static const char *const phase_kinds[MEASURE_PHASES] = {"warmup",         "joint", "trunk_leg",
                                                        "trunk_bits_leg", "joint", "joint"};

static const option_spec options[] = {
    {'n', "network", "NAME", "a network file, or the name of one in configs/networks"},
    {'p', "phase", "PHASE",
     "warmup, search, trunk (a leg), trunk_bits (by gradient), finetune (a branch, too) or eval; default search"},
    {'b', "batch", "COUNT", "images of a step over all ranks; default 32"},
    {'k', "shards", "COUNT", "parts of a batch; default: that of configurations"},
    {'c', "cost", "MODEL", "cost model of the search; default size"},
    {'a', "activations", "LIST", "activation precisions, such as 8 or 2,4,8; default 8"},
    {'q', "quantizer", "TEXT", "rules of the configuration's section quantizer, such as 'batchnorm = \"kept\"'"},
    {'f', "pruned", "FRACTION", "finetune and eval: channels of every group that have 0 bit; default 0"},
    {'T', "teacher", NULL, "search and finetune: distillation from the float network"},
    {'i', "integer", NULL, "eval: also by the integers that are exported, turn by turn"},
    {'g', "augment", NULL, "rotate, shift and flip as for CIFAR-10"},
    {'t', "seconds", "SECONDS", "length of the measurement; default 5"},
    {'j', "json", NULL, "print one JSON object"},
    OPTIONS_END,
};

typedef struct {
    const step_options *o;
    const link_world *world; /* borrowed */
    int rank, rank_count;
    graph graph;
    settings settings;
    bench_images images;
    cost_registry registry;
    const cost_model *const *cost_models;
    const kernel_table *kernels;
    task warmup, point;
    record start; /* what the point starts from: fresh weights */
    rank_group ranks;
    sum_memory sums;
    ranks_view group;
    limits limits;
    step_found found;
} session;

/* ---- options ---- */

static status read_number(const option_parser *p, const char *name, double low, double high, double *out)
{
    if (number_real(out, p->value, low, high)) return status_ok();
    return status_fail(STATUS_CONFIG, "%s: --%s wants a number between %g and %g, not \"%s\"", p->command, name, low,
                       high, p->value);
}

static status read_phase(const option_parser *p, measured_phase *out)
{
    for (int i = 0; i < MEASURE_PHASES; i++) {
        if (strcmp(p->value, step_phase_names[i]) != 0) continue;
        *out = (measured_phase)i;
        return status_ok();
    }
    return status_fail(STATUS_CONFIG,
                       "%s: --phase wants warmup, search, trunk, trunk_bits, finetune or eval, not \"%s\"", p->command,
                       p->value);
}

static status read_options(step_options *out, int argc, char **argv)
{
    *out = (step_options){
        .phase = MEASURE_SEARCH, .choice = {.cost = "size", .activations = "8", .batch = 32}, .seconds = 5};
    option_parser p = options_start("bench step", options, argc, argv);
    long value;
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        switch (letter) {
        case 'n':
            out->network = p.value;
            break;
        case 'p':
            TRY(read_phase(&p, &out->phase));
            break;
        case 'b':
            TRY(options_integer(&p, "batch", 1, 65536, &value));
            out->choice.batch = (int)value;
            break;
        case 'k':
            TRY(options_integer(&p, "shards", 1, 256, &value));
            out->choice.shards = (int)value;
            break;
        case 'c':
            out->choice.cost = p.value;
            break;
        case 'a':
            out->choice.activations = p.value;
            break;
        case 'q':
            out->choice.quantizer = p.value;
            break;
        case 'f':
            TRY(read_number(&p, "pruned", 0, 1, &out->pruned));
            break;
        case 'T':
            out->teacher = true;
            break;
        case 'i':
            out->integer = true;
            break;
        case 'g':
            out->choice.augment = true;
            break;
        case 't':
            TRY(read_number(&p, "seconds", 0.01, 3600, &out->seconds));
            break;
        case 'j':
            out->json = true;
            break;
        default:
            break;
        }
    }
    char **none;
    TRY(options_arguments(&p, 0, "", &none));
    if (out->network == NULL) return status_fail(STATUS_CONFIG, "bench step: --network is missing");
    if (out->pruned > 0 && out->phase != MEASURE_FINETUNE && out->phase != MEASURE_EVAL)
        return status_fail(STATUS_CONFIG, "bench step: --pruned goes with --phase finetune or eval");
    if (out->integer && out->phase != MEASURE_EVAL)
        return status_fail(STATUS_CONFIG, "bench step: --integer goes with --phase eval");
    return status_ok();
}

/* ---- what is trained ---- */

static status check_ranks(const session *s)
{
    int size = s->rank_count, shards = s->settings.shards;
    if ((size & (size - 1)) != 0 || size > shards || size > MAX_RANKS)
        return status_fail(STATUS_CONFIG,
                           "bench step: %d ranks cannot share a batch of %d shards; start it with 1, 2, 4 ... %d ranks",
                           size, shards, shards);
    return status_ok();
}

/* A signal ends a benchmark at once: there is nothing to keep. */
static bool never_stop(void *ctx)
{
    (void)ctx;
    return false;
}

static status form_group(session *s)
{
    int members[MAX_RANKS];
    for (int i = 0; i < s->rank_count; i++) members[i] = i;
    group_hooks hooks = {.should_stop = never_stop, .given_up = never_stop};
    TRY(sum_memory_open(&s->sums, s->world));
    TRY(rank_group_open(&s->ranks, s->world, members, s->rank_count, 0, &s->sums, hooks));
    s->group = rank_group_view(&s->ranks);
    return status_ok();
}

static status open_trainer(trainer **out, const session *s, const kernel_table *kernels)
{
    const bool warmup = s->o->phase == MEASURE_WARMUP;
    const record *const parents[] = {&s->start};
    trainer_inputs in = {.settings = &s->settings,
                         .graph = &s->graph,
                         .data = &s->images.view,
                         .kernels = kernels,
                         .cost_models = s->cost_models,
                         .task = warmup ? &s->warmup : &s->point,
                         .kind = strategies_task_kind(phase_kinds[s->o->phase]),
                         .parents = parents,
                         .parent_count = warmup ? 0 : 1,
                         .integers = &integer_training};
    return trainer_open(out, &in);
}

/* The float network as it begins, as the record that points start from. */
static status make_start(session *s)
{
    settings tiny = s->settings; /* the memory of a whole batch is not needed and would count in the peak */
    tiny.batch = tiny.shards = 1;
    trainer_inputs in = {.settings = &tiny,
                         .graph = &s->graph,
                         .data = &s->images.view,
                         .kernels = s->kernels,
                         .cost_models = s->cost_models,
                         .task = &s->warmup,
                         .kind = strategies_task_kind("warmup")};
    trainer *t = NULL;
    TRY(trainer_open(&t, &in));
    status outcome = trainer_record(&s->start, t);
    trainer_close(t);
    return outcome;
}

/* As the recipes have them: what a step costs does not depend on the numbers. */
static void set_phases(settings *s, bool teacher)
{
    s->trunk.optimizer = OPTIMIZER_SGD;
    s->trunk.schedule = SCHEDULE_CONSTANT;
    s->trunk.learning_rate = 1e-4;
    s->search_phase.distill = s->finetune.distill = teacher ? 1 : 0;
}

static status prepare(session *s)
{
    const step_options *o = s->o;
    bench_choice choice = o->choice;
    choice.search_epochs = o->phase == MEASURE_SEARCH ? 1000 : 1;
    s->kernels = kernels_choose(NULL);
    if (s->kernels == NULL)
        return status_fail(STATUS_CONFIG, "this processor has no kernels of the kind in BITFRONT_ISA");
    TRY(bench_network(&s->graph, o->network));
    TRY(bench_settings(&s->settings, &choice));
    set_phases(&s->settings, o->teacher);
    TRY(check_ranks(s));
    s->cost_models = cost_registry_make(&s->registry, &s->settings.cost);
    TRY(bench_images_make(&s->images, &s->graph));
    s->warmup = (task){.id = 1, .kind = "warmup", .entry = -1, .seed = 1, .strategy = "warmup", .cost_model = "none"};
    s->point = (task){.id = 2,
                      .point = true,
                      .kind = phase_kinds[o->phase],
                      .entry = -1,
                      .seed = 1,
                      .strategy = "joint",
                      .cost_model = o->choice.cost,
                      .strength = 1};
    s->point.target = 1; /* of a leg, which does not end here */
    s->point.epochs = 1000;
    TRY(limits_open(&s->limits));
    return make_start(s);
}

/* Collective. Brings a fresh trainer to the phase that is measured: behind a search of one step. */
static status reach_phase(session *s, trainer *t)
{
    if (s->o->phase < MEASURE_FINETUNE) return status_ok();
    dataset *d = &s->images.view;
    trainer_probe_prune(t, s->o->pruned);
    d->split_count[SPLIT_TRAIN] = d->split_count[SPLIT_VALIDATION] = s->settings.batch;
    segment_end end;
    TRY(trainer_segment(t, &s->group, &end));
    d->split_count[SPLIT_TRAIN] = BENCH_TRAIN_IMAGES;
    d->split_count[SPLIT_VALIDATION] = BENCH_VALIDATION_IMAGES;
    return status_ok();
}

/* ---- measuring ---- */

/* Time by the wall, and what this process computed of it. */
typedef struct {
    double wall, cpu; /* s */
} duration;

static duration now(void)
{
    return (duration){clock_seconds(), clock_cpu_seconds()};
}

/* Collective. An evaluation by integers of as many images as one in float has. */
static status evaluate_integers(session *s, trainer *t, long times, duration *spent)
{
    const duration started = now();
    for (long i = 0; i < times; i++) {
        evaluation ignored;
        TRY(trainer_probe_evaluate_integers(t, &s->group, SPLIT_VALIDATION, &ignored));
    }
    const duration end = now();
    *spent = (duration){end.wall - started.wall, end.cpu - started.cpu};
    return status_ok();
}

/* Collective. One step, or one evaluation of as many images as the validation split has. *images is 0 for a step that
 * ended an epoch, which holds more than a step. */
static status do_once(session *s, trainer *t, duration *spent, int *images)
{
    duration started = now();
    if (s->o->phase == MEASURE_EVAL) {
        evaluation ignored;
        TRY(trainer_probe_evaluate(t, &s->group, SPLIT_VALIDATION, &ignored));
        *images = s->images.view.split_count[SPLIT_VALIDATION];
    } else {
        segment_end end;
        int epoch = trainer_report(t).epoch;
        TRY(trainer_segment(t, &s->group, &end));
        *images = trainer_report(t).epoch == epoch ? s->settings.batch : 0;
    }
    duration end = now();
    *spent = (duration){end.wall - started.wall, end.cpu - started.cpu};
    return status_ok();
}

/* Collective. `steps` times, added up. */
static status do_steps(session *s, trainer *t, long steps, duration *spent, long *images)
{
    *spent = (duration){0, 0};
    *images = 0;
    for (long i = 0; i < steps; i++) {
        duration once;
        int count;
        TRY(do_once(s, t, &once, &count));
        if (count == 0) continue;
        spent->wall += once.wall;
        spent->cpu += once.cpu;
        *images += count;
    }
    return status_ok();
}

/* Collective. Warms up, and finds how many steps take about `seconds`, the same number on all ranks. An evaluation is
 * made as long as a tenth of the data set, or so short that it fits. */
static status plan_steps(session *s, trainer *t, double seconds, long *steps)
{
    duration once;
    long images;
    int *count = &s->images.view.split_count[SPLIT_VALIDATION];
    if (s->o->phase == MEASURE_EVAL) *count = s->settings.batch;
    TRY(do_steps(s, t, WARM_STEPS, &once, &images));
    double rate = (double)images / once.wall;
    if (s->o->phase == MEASURE_EVAL) {
        double fit = seconds * rate / s->settings.batch;
        int batches = fit < 1 ? 1 : (int)fit;
        int most = BENCH_VALIDATION_IMAGES / 10 / s->settings.batch;
        if (most < 1) most = 1;
        *count = (batches < most ? batches : most) * s->settings.batch;
        TRY(exchange_share(&s->ranks.link, count, sizeof *count));
        *steps = (long)(seconds * rate / *count);
    } else {
        *steps = (long)(seconds * rate / s->settings.batch);
    }
    if (*steps < 1) *steps = 1;
    return exchange_share(&s->ranks.link, steps, sizeof *steps);
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Collective. The rates, with calibrations in between. */
static status measure(session *s)
{
    trainer *t = NULL;
    TRY(exchange_agree(&s->ranks.link, open_trainer(&t, s, s->kernels)));
    long steps, images;
    status outcome = reach_phase(s, t);
    if (!failed(outcome)) outcome = plan_steps(s, t, s->o->seconds / STEP_REPEATS, &steps);
    for (int i = 0; i < STEP_REPEATS && !failed(outcome); i++) {
        duration spent;
        outcome = do_steps(s, t, steps, &spent, &images);
        if (failed(outcome)) break;
        s->found.rates.images_per_s[i] = (double)images / spent.wall;
        s->found.rates.images_per_cpu_s[i] = (double)images / spent.cpu;
        if (s->o->integer) {
            duration integers;
            outcome = evaluate_integers(s, t, steps, &integers);
            if (failed(outcome)) break;
            s->found.rates.integer_per_s[i] = (double)images / integers.wall;
            s->found.rates.integer_gain[i] = spent.cpu / integers.cpu;
        }
        if (i == 0) { /* before the calibration takes memory */
            struct rusage usage;
            if (getrusage(RUSAGE_SELF, &usage) == 0) s->found.rates.peak_rss_bytes = usage.ru_maxrss * 1024;
        }
        if (s->rank == 0) limits_measure(&s->limits, s->kernels, CALIBRATION_SECONDS);
    }
    trainer_close(t);
    TRY(outcome);
    qsort(s->found.rates.images_per_s, STEP_REPEATS, sizeof *s->found.rates.images_per_s, ascending);
    qsort(s->found.rates.images_per_cpu_s, STEP_REPEATS, sizeof *s->found.rates.images_per_cpu_s, ascending);
    qsort(s->found.rates.integer_per_s, STEP_REPEATS, sizeof *s->found.rates.integer_per_s, ascending);
    qsort(s->found.rates.integer_gain, STEP_REPEATS, sizeof *s->found.rates.integer_gain, ascending);
    s->found.rates.step_seconds = s->settings.batch / s->found.rates.images_per_s[STEP_REPEATS / 2];
    return status_ok();
}

/* Collective. What the time goes to, in a run of its own because measuring it costs time. */
static status measure_parts(session *s)
{
    trainer *t = NULL;
    const kernel_table *timed = timed_kernels(s->kernels, &s->found.timed);
    TRY(exchange_agree(&s->ranks.link, open_trainer(&t, s, timed)));
    long steps;
    status outcome = reach_phase(s, t);
    if (!failed(outcome)) outcome = plan_steps(s, t, s->o->seconds / 3, &steps);
    if (!failed(outcome)) {
        memset(&s->found.timed, 0, sizeof s->found.timed);
        double started = clock_cpu_seconds();
        for (long i = 0; i < steps && !failed(outcome); i++) {
            duration ignored;
            int images;
            outcome = do_once(s, t, &ignored, &images);
            s->found.timed_images += s->o->phase == MEASURE_EVAL ? images : s->settings.batch;
        }
        s->found.timed_seconds = clock_cpu_seconds() - started;
    }
    trainer_close(t);
    return outcome;
}

static status run_step(const link_world *world, int argc, char **argv)
{
    step_options given;
    TRY(read_options(&given, argc, argv));
    session *s = calloc(1, sizeof *s); /* stays where it is: the registry points into itself */
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for the benchmark");
    s->o = &given;
    s->world = world;
    s->rank = world_rank(world);
    s->rank_count = world_size(world);
    s->sums = sum_memory_none();
    status outcome = agree(world, prepare(s));
    bool grouped = false;
    if (!failed(outcome)) {
        outcome = form_group(s);
        grouped = !failed(outcome);
    }
    if (!failed(outcome)) outcome = measure(s);
    if (!failed(outcome)) outcome = measure_parts(s);
    if (!failed(outcome) && s->rank == 0) {
        const step_setting setting = {.o = &given,
                                      .graph = &s->graph,
                                      .settings = &s->settings,
                                      .kernels = s->kernels,
                                      .limits = &s->limits,
                                      .ranks = s->rank_count};
        step_print(&setting, &s->found);
    }
    if (grouped) {
        rank_group_close(&s->ranks);
        sum_memory_close(&s->sums);
    }
    record_free(&s->start);
    limits_close(&s->limits);
    bench_images_free(&s->images);
    graph_free(&s->graph);
    free(s);
    return outcome;
}

const benchmark benchmark_step = {
    .name = "step",
    .summary = "one phase of a task: images a second, what the time goes to, memory",
    .options = options,
    .parallel = true,
    .run = run_step,
};
