/* bitfront bench step: how many images a second a phase of a task trains, and what the time goes to. It trains with the
 * same trainer as a sweep; every segment of it is one step. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/deploy/integer_training.h"
#include "core/kernels/blas.h"
#include "core/strategy/strategies.h"
#include "core/train/trainer_probe.h"
#include "hw_models/registry.h"
#include "mpi/link/agree.h"
#include "mpi/bench/cmd_bench.h"
#include "mpi/bench/cmd_bench_limits.h"
#include "mpi/bench/cmd_bench_load.h"
#include "mpi/bench/cmd_bench_timing.h"
#include "mpi/sum/rank_group.h"

enum { REPEATS = 9, WARM_STEPS = 3, MAX_RANKS = 256 };
static const double CALIBRATION_SECONDS = 0.05; /* between two repeats */

typedef enum {
    MEASURE_WARMUP,
    MEASURE_SEARCH,
    MEASURE_TRUNK,
    MEASURE_TRUNK_BITS,
    MEASURE_FINETUNE,
    MEASURE_EVAL,
    MEASURE_PHASES
} measured_phase;
static const char *const phase_names[MEASURE_PHASES] = {"warmup", "search", "trunk", "trunk_bits", "finetune", "eval"};
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
    const char *network;
    measured_phase phase;
    bench_choice choice;
    double pruned, seconds;
    bool integer, json, teacher;
} step_options;

typedef struct {
    double images_per_s[REPEATS];     /* ascending */
    double images_per_cpu_s[REPEATS]; /* the same by the time that rank 0 computed, ascending */
    double integer_per_s[REPEATS];    /* by integers: images a second, ascending */
    double integer_gain[REPEATS];     /* times as many for a second of rank 0 as in float, just before; ascending */
    double step_seconds;              /* of the median repeat */
    long peak_rss_bytes;
} step_rates;

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
    step_rates rates;
    timed_result timed;
    double timed_seconds; /* of the steps in `timed`, computed by rank 0 */
    long timed_images;
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
        if (strcmp(p->value, phase_names[i]) != 0) continue;
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
    if (!failed(outcome)) outcome = plan_steps(s, t, s->o->seconds / REPEATS, &steps);
    for (int i = 0; i < REPEATS && !failed(outcome); i++) {
        duration spent;
        outcome = do_steps(s, t, steps, &spent, &images);
        if (failed(outcome)) break;
        s->rates.images_per_s[i] = (double)images / spent.wall;
        s->rates.images_per_cpu_s[i] = (double)images / spent.cpu;
        if (s->o->integer) {
            duration integers;
            outcome = evaluate_integers(s, t, steps, &integers);
            if (failed(outcome)) break;
            s->rates.integer_per_s[i] = (double)images / integers.wall;
            s->rates.integer_gain[i] = spent.cpu / integers.cpu;
        }
        if (i == 0) { /* before the calibration takes memory */
            struct rusage usage;
            if (getrusage(RUSAGE_SELF, &usage) == 0) s->rates.peak_rss_bytes = usage.ru_maxrss * 1024;
        }
        if (s->rank == 0) limits_measure(&s->limits, s->kernels, CALIBRATION_SECONDS);
    }
    trainer_close(t);
    TRY(outcome);
    qsort(s->rates.images_per_s, REPEATS, sizeof *s->rates.images_per_s, ascending);
    qsort(s->rates.images_per_cpu_s, REPEATS, sizeof *s->rates.images_per_cpu_s, ascending);
    qsort(s->rates.integer_per_s, REPEATS, sizeof *s->rates.integer_per_s, ascending);
    qsort(s->rates.integer_gain, REPEATS, sizeof *s->rates.integer_gain, ascending);
    s->rates.step_seconds = s->settings.batch / s->rates.images_per_s[REPEATS / 2];
    return status_ok();
}

/* Collective. What the time goes to, in a run of its own because measuring it costs time. */
static status measure_parts(session *s)
{
    trainer *t = NULL;
    const kernel_table *timed = timed_kernels(s->kernels, &s->timed);
    TRY(exchange_agree(&s->ranks.link, open_trainer(&t, s, timed)));
    long steps;
    status outcome = reach_phase(s, t);
    if (!failed(outcome)) outcome = plan_steps(s, t, s->o->seconds / 3, &steps);
    if (!failed(outcome)) {
        memset(&s->timed, 0, sizeof s->timed);
        double started = clock_cpu_seconds();
        for (long i = 0; i < steps && !failed(outcome); i++) {
            duration ignored;
            int images;
            outcome = do_once(s, t, &ignored, &images);
            s->timed_images += s->o->phase == MEASURE_EVAL ? images : s->settings.batch;
        }
        s->timed_seconds = clock_cpu_seconds() - started;
    }
    trainer_close(t);
    return outcome;
}

/* ---- output ---- */

typedef struct {
    double images_per_s, images_per_cpu_s; /* of all ranks; of one core's time */
    double operations, gflops, limit; /* of one image, unpruned; of all ranks; images/s of a core at sgemm's rate */
    double probability, cpu_share;    /* of the limit, by images_per_s and by images_per_cpu_s */
    double bytes, kernel_seconds;     /* of the timed run, all kernels */
} step_summary;

static step_summary summarize(const session *s)
{
    step_summary y = {.images_per_s = s->rates.images_per_s[REPEATS / 2],
                      .images_per_cpu_s = s->rates.images_per_cpu_s[REPEATS / 2] / s->rank_count,
                      .operations = bench_operations(&s->graph, s->o->phase != MEASURE_EVAL)};
    y.gflops = y.images_per_s * y.operations * 1e-9;
    y.limit = s->limits.sgemm_gflops * 1e9 / y.operations;
    y.probability = y.images_per_s / s->rank_count / y.limit;
    y.cpu_share = y.images_per_cpu_s / y.limit;
    for (int k = 0; k < TIMED_KINDS; k++) {
        y.bytes += s->timed.kinds[k].bytes;
        y.kernel_seconds += s->timed.kinds[k].seconds;
    }
    return y;
}

static void shape_name(char out[80], const timed_shape *t)
{
    const conv_shape *s = &t->shape;
    snprintf(out, 80, "%dx%dx%d -> %dx%dx%d, %dx%d%s", s->in_height, s->in_width, s->in_channels, s->out_height,
             s->out_width, s->out_channels, s->kernel_h, s->kernel_w, t->depthwise ? " depthwise" : "");
}

static double rate(const timed_sum *t)
{
    return t->seconds > 0 ? t->operations / t->seconds * 1e-9 : 0;
}

static void print_json(const session *s, const step_summary *y)
{
    const step_options *o = s->o;
    char blas[BLAS_NAME_LENGTH], name[80];
    blas_name(blas);
    printf("{\"network\": \"%s\", \"phase\": \"%s\", \"batch\": %d, \"shards\": %d, \"ranks\": %d, \"cost\": \"%s\", "
           "\"activations\": [%s], \"pruned\": %g, \"augment\": %s, \"kernels\": \"%s\", \"blas\": \"%s\", ",
           s->graph.name, phase_names[o->phase], s->settings.batch, s->settings.shards, s->rank_count, o->choice.cost,
           o->choice.activations, o->pruned, o->choice.augment ? "true" : "false", s->kernels->name, blas);
    printf("\"images_per_s\": %.2f, \"images_per_s_lowest\": %.2f, \"images_per_s_highest\": %.2f, "
           "\"images_per_cpu_s\": %.2f, \"share_of_sgemm_by_cpu\": %.4f, \"gflops\": %.2f, "
           "\"flop_per_image\": %.0f, \"sgemm_gflops\": %.2f, \"fma_peak_gflops\": %.2f, \"share_of_sgemm\": %.4f, "
           "\"peak_rss_bytes\": %ld, \"kernel_bytes_per_image\": %.0f, ",
           y->images_per_s, s->rates.images_per_s[0], s->rates.images_per_s[REPEATS - 1], y->images_per_cpu_s,
           y->cpu_share, y->gflops, y->operations, s->limits.sgemm_gflops, s->limits.fma_peak_gflops, y->probability,
           s->rates.peak_rss_bytes, y->bytes / (double)s->timed_images);
    if (o->integer)
        printf("\"integer\": {\"images_per_s\": %.2f, \"gain\": %.4f}, ", s->rates.integer_per_s[REPEATS / 2],
               s->rates.integer_gain[REPEATS / 2]);
    printf("\"time_shares\": {");
    for (int k = 0; k < TIMED_KINDS; k++)
        printf("\"%s\": %.4f, ", timed_kind_name((timed_kind)k), s->timed.kinds[k].seconds / s->timed_seconds);
    printf("\"everything else\": %.4f}, \"convolutions\": [", 1 - y->kernel_seconds / s->timed_seconds);
    for (int i = 0; i < s->timed.shape_count; i++) {
        const timed_shape *t = &s->timed.shapes[i];
        shape_name(name, t);
        printf("%s{\"shape\": \"%s\", \"forward_gflops\": %.2f, \"backward_data_gflops\": %.2f, "
               "\"backward_weight_gflops\": %.2f}",
               i > 0 ? ", " : "", name, rate(&t->pass[0]), rate(&t->pass[1]), rate(&t->pass[2]));
    }
    printf("]}\n");
}

static void print_parts(const session *s, const step_summary *y)
{
    const double images = (double)s->timed_images;
    printf("\n%-26s %7s %10s %9s %8s\n", "kernel", "time", "us/image", "kB/image", "GB/s");
    for (int k = 0; k < TIMED_KINDS; k++) {
        const timed_sum *t = &s->timed.kinds[k];
        if (t->calls == 0) continue;
        printf("%-26s %5.1f %% %10.2f %9.1f %8.1f\n", timed_kind_name((timed_kind)k),
               100 * t->seconds / s->timed_seconds, 1e6 * t->seconds / images, 1e-3 * t->bytes / images,
               1e-9 * t->bytes / t->seconds);
    }
    double rest = s->timed_seconds - y->kernel_seconds;
    printf("%-26s %5.1f %% %10.2f   (batches, choices, weights, cost, sums, updates)\n", "everything else",
           100 * rest / s->timed_seconds, 1e6 * rest / images);
    printf("%-26s %7s %10.2f %9.1f\n", "sum", "", 1e6 * s->timed_seconds / images, 1e-3 * y->bytes / images);

    printf("\n%-42s %9s %9s %9s   GFLOP/s in the step\n", "convolution", "forward", "data", "weight");
    for (int i = 0; i < s->timed.shape_count; i++) {
        char name[80];
        shape_name(name, &s->timed.shapes[i]);
        printf("%-42s", name);
        for (int pass = 0; pass < 3; pass++) {
            const timed_sum *t = &s->timed.shapes[i].pass[pass];
            if (t->calls > 0)
                printf(" %9.1f", rate(t));
            else
                printf(" %9s", "-");
        }
        printf("\n");
    }
}

static void print_report(const session *s, const step_summary *y)
{
    const step_options *o = s->o;
    printf("%s, %s, batch %d in %d shards, %d rank%s", s->graph.name, phase_names[o->phase], s->settings.batch,
           s->settings.shards, s->rank_count, s->rank_count > 1 ? "s" : "");
    if (o->phase != MEASURE_WARMUP) printf(", activations of %s bit", o->choice.activations);
    if (o->phase == MEASURE_SEARCH) printf(", cost %s", o->choice.cost);
    if (o->pruned > 0) printf(", %g of the channels pruned", o->pruned);
    if (o->choice.augment) printf(", augmented");
    printf("\n");
    limits_print(&s->limits, s->kernels);
    printf("\n%.0f images/s (median of %d repeats; %.0f to %.0f), %.2f ms a step\n", y->images_per_s, REPEATS,
           s->rates.images_per_s[0], s->rates.images_per_s[REPEATS - 1], 1e3 * s->rates.step_seconds);
    printf("%.2f MFLOP an image%s: %.1f GFLOP/s, %.1f %% of the limit of %.0f images/s a core (sgemm)\n",
           y->operations * 1e-6, o->pruned > 0 ? " of the unpruned network" : "", y->gflops, 100 * y->probability,
           y->limit);
    printf("%.0f images for a second of a core's own time, %.1f %% of the limit (what a busy machine leaves out)\n",
           y->images_per_cpu_s, 100 * y->cpu_share);
    if (o->integer)
        printf(
            "by integers: %.0f images/s (median), %.2f times the float evaluation (median of %d turns, by the time of "
            "the core; %.2f to %.2f)\n",
            s->rates.integer_per_s[REPEATS / 2], s->rates.integer_gain[REPEATS / 2], REPEATS, s->rates.integer_gain[0],
            s->rates.integer_gain[REPEATS - 1]);
    printf("peak resident memory %.1f MB\n", 1e-6 * (double)s->rates.peak_rss_bytes);
    print_parts(s, y);
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
        step_summary summary = summarize(s);
        if (given.json)
            print_json(s, &summary);
        else
            print_report(s, &summary);
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
