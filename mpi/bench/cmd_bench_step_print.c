#include "mpi/bench/cmd_bench_step_print.h"

#include <stdio.h>

#include "core/kernels/blas.h"

const char *const step_phase_names[MEASURE_PHASES] = {"warmup", "search", "trunk", "trunk_bits", "finetune", "eval"};

typedef struct {
    double images_per_s, images_per_cpu_s; /* of all ranks; of one core's time */
    double operations, gflops, limit; /* of one image, unpruned; of all ranks; images/s of a core at sgemm's rate */
    double probability, cpu_share;    /* of the limit, by images_per_s and by images_per_cpu_s */
    double bytes, kernel_seconds;     /* of the timed run, all kernels */
} step_summary;

static step_summary summarize(const step_setting *s, const step_found *f)
{
    step_summary y = {.images_per_s = f->rates.images_per_s[STEP_REPEATS / 2],
                      .images_per_cpu_s = f->rates.images_per_cpu_s[STEP_REPEATS / 2] / s->ranks,
                      .operations = bench_operations(s->graph, s->o->phase != MEASURE_EVAL)};
    y.gflops = y.images_per_s * y.operations * 1e-9;
    y.limit = s->limits->sgemm_gflops * 1e9 / y.operations;
    y.probability = y.images_per_s / s->ranks / y.limit;
    y.cpu_share = y.images_per_cpu_s / y.limit;
    for (int k = 0; k < TIMED_KINDS; k++) {
        y.bytes += f->timed.kinds[k].bytes;
        y.kernel_seconds += f->timed.kinds[k].seconds;
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

static void print_json(const step_setting *s, const step_found *f, const step_summary *y)
{
    const step_options *o = s->o;
    char blas[BLAS_NAME_LENGTH], name[80];
    blas_name(blas);
    printf("{\"network\": \"%s\", \"phase\": \"%s\", \"batch\": %d, \"shards\": %d, \"ranks\": %d, \"cost\": \"%s\", "
           "\"activations\": [%s], \"pruned\": %g, \"augment\": %s, \"kernels\": \"%s\", \"blas\": \"%s\", ",
           s->graph->name, step_phase_names[o->phase], s->settings->batch, s->settings->shards, s->ranks,
           o->choice.cost, o->choice.activations, o->pruned, o->choice.augment ? "true" : "false", s->kernels->name,
           blas);
    printf("\"images_per_s\": %.2f, \"images_per_s_lowest\": %.2f, \"images_per_s_highest\": %.2f, "
           "\"images_per_cpu_s\": %.2f, \"share_of_sgemm_by_cpu\": %.4f, \"gflops\": %.2f, "
           "\"flop_per_image\": %.0f, \"sgemm_gflops\": %.2f, \"fma_peak_gflops\": %.2f, \"share_of_sgemm\": %.4f, "
           "\"peak_rss_bytes\": %ld, \"kernel_bytes_per_image\": %.0f, ",
           y->images_per_s, f->rates.images_per_s[0], f->rates.images_per_s[STEP_REPEATS - 1], y->images_per_cpu_s,
           y->cpu_share, y->gflops, y->operations, s->limits->sgemm_gflops, s->limits->fma_peak_gflops, y->probability,
           f->rates.peak_rss_bytes, y->bytes / (double)f->timed_images);
    if (o->integer)
        printf("\"integer\": {\"images_per_s\": %.2f, \"gain\": %.4f}, ", f->rates.integer_per_s[STEP_REPEATS / 2],
               f->rates.integer_gain[STEP_REPEATS / 2]);
    printf("\"time_shares\": {");
    for (int k = 0; k < TIMED_KINDS; k++)
        printf("\"%s\": %.4f, ", timed_kind_name((timed_kind)k), f->timed.kinds[k].seconds / f->timed_seconds);
    printf("\"everything else\": %.4f}, \"convolutions\": [", 1 - y->kernel_seconds / f->timed_seconds);
    for (int i = 0; i < f->timed.shape_count; i++) {
        const timed_shape *t = &f->timed.shapes[i];
        shape_name(name, t);
        printf("%s{\"shape\": \"%s\", \"forward_gflops\": %.2f, \"backward_data_gflops\": %.2f, "
               "\"backward_weight_gflops\": %.2f}",
               i > 0 ? ", " : "", name, rate(&t->pass[0]), rate(&t->pass[1]), rate(&t->pass[2]));
    }
    printf("]}\n");
}

static void print_parts(const step_found *f, const step_summary *y)
{
    const double images = (double)f->timed_images;
    printf("\n%-26s %7s %10s %9s %8s\n", "kernel", "time", "us/image", "kB/image", "GB/s");
    for (int k = 0; k < TIMED_KINDS; k++) {
        const timed_sum *t = &f->timed.kinds[k];
        if (t->calls == 0) continue;
        printf("%-26s %5.1f %% %10.2f %9.1f %8.1f\n", timed_kind_name((timed_kind)k),
               100 * t->seconds / f->timed_seconds, 1e6 * t->seconds / images, 1e-3 * t->bytes / images,
               1e-9 * t->bytes / t->seconds);
    }
    double rest = f->timed_seconds - y->kernel_seconds;
    printf("%-26s %5.1f %% %10.2f   (batches, choices, weights, cost, sums, updates)\n", "everything else",
           100 * rest / f->timed_seconds, 1e6 * rest / images);
    printf("%-26s %7s %10.2f %9.1f\n", "sum", "", 1e6 * f->timed_seconds / images, 1e-3 * y->bytes / images);

    printf("\n%-42s %9s %9s %9s   GFLOP/s in the step\n", "convolution", "forward", "data", "weight");
    for (int i = 0; i < f->timed.shape_count; i++) {
        char name[80];
        shape_name(name, &f->timed.shapes[i]);
        printf("%-42s", name);
        for (int pass = 0; pass < 3; pass++) {
            const timed_sum *t = &f->timed.shapes[i].pass[pass];
            if (t->calls > 0)
                printf(" %9.1f", rate(t));
            else
                printf(" %9s", "-");
        }
        printf("\n");
    }
}

static void print_report(const step_setting *s, const step_found *f, const step_summary *y)
{
    const step_options *o = s->o;
    printf("%s, %s, batch %d in %d shards, %d rank%s", s->graph->name, step_phase_names[o->phase], s->settings->batch,
           s->settings->shards, s->ranks, s->ranks > 1 ? "s" : "");
    if (o->phase != MEASURE_WARMUP) printf(", activations of %s bit", o->choice.activations);
    if (o->phase == MEASURE_SEARCH) printf(", cost %s", o->choice.cost);
    if (o->pruned > 0) printf(", %g of the channels pruned", o->pruned);
    if (o->choice.augment) printf(", augmented");
    printf("\n");
    limits_print(s->limits, s->kernels);
    printf("\n%.0f images/s (median of %d repeats; %.0f to %.0f), %.2f ms a step\n", y->images_per_s, STEP_REPEATS,
           f->rates.images_per_s[0], f->rates.images_per_s[STEP_REPEATS - 1], 1e3 * f->rates.step_seconds);
    printf("%.2f MFLOP an image%s: %.1f GFLOP/s, %.1f %% of the limit of %.0f images/s a core (sgemm)\n",
           y->operations * 1e-6, o->pruned > 0 ? " of the unpruned network" : "", y->gflops, 100 * y->probability,
           y->limit);
    printf("%.0f images for a second of a core's own time, %.1f %% of the limit (what a busy machine leaves out)\n",
           y->images_per_cpu_s, 100 * y->cpu_share);
    if (o->integer)
        printf(
            "by integers: %.0f images/s (median), %.2f times the float evaluation (median of %d turns, by the time of "
            "the core; %.2f to %.2f)\n",
            f->rates.integer_per_s[STEP_REPEATS / 2], f->rates.integer_gain[STEP_REPEATS / 2], STEP_REPEATS,
            f->rates.integer_gain[0], f->rates.integer_gain[STEP_REPEATS - 1]);
    printf("peak resident memory %.1f MB\n", 1e-6 * (double)f->rates.peak_rss_bytes);
    print_parts(f, y);
}

void step_print(const step_setting *s, const step_found *f)
{
    const step_summary y = summarize(s, f);
    if (s->o->json)
        print_json(s, f, &y);
    else
        print_report(s, f, &y);
}
