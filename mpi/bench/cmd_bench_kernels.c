/* bitfront bench kernels: the rate of every distinct convolution of a network in its three passes. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/kernels/blas.h"
#include "mpi/bench/cmd_bench.h"
#include "mpi/bench/cmd_bench_limits.h"
#include "mpi/bench/cmd_bench_load.h"

/* A pass is repeated for this long and its fastest call counts: other work makes calls slower, never faster. */
static const double SECONDS_PER_PASS = 0.15, CALIBRATION_SECONDS = 0.05;

enum { PASSES = 3, MAX_ROWS = GRAPH_MAX_LAYERS };

static const option_spec options[] = {
    {'n', "network", "NAME", "a network file, or the name of one in configs/networks"},
    {'b', "batch", "COUNT", "images of a call; default 8, a shard of a batch of 32"},
    {'i', "isa", "NAME", "avx512, avx2 or portable; default: the best of this processor, or BITFRONT_ISA"},
    {'j', "json", NULL, "print one JSON object"},
    OPTIONS_END,
};

typedef struct {
    const char *name; /* of the first layer of this shape */
    int layers;       /* of this shape */
    bool depthwise;
    conv_shape shape;
    double operations, gflops[PASSES];
} kernel_row;

typedef struct {
    const char *network, *isa;
    long batch;
    bool json;
} kernel_options;

static status read_options(kernel_options *out, int argc, char **argv)
{
    *out = (kernel_options){.batch = 8};
    option_parser p = options_start("bench kernels", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'n') out->network = p.value;
        if (letter == 'i') out->isa = p.value;
        if (letter == 'j') out->json = true;
        if (letter == 'b') TRY(options_integer(&p, "batch", 1, 65536, &out->batch));
    }
    char **none;
    TRY(options_arguments(&p, 0, "", &none));
    if (out->network == NULL) return status_fail(STATUS_CONFIG, "bench kernels: --network is missing");
    return status_ok();
}

static conv_shape shape_of(const layer_spec *l, int batch)
{
    if (l->kind == LAYER_LINEAR)
        return linear_shape(batch, l->in_channels * l->in_height * l->in_width, l->out_channels);
    return (conv_shape){batch,        l->in_height,    l->in_width, l->in_channels, l->out_height,
                        l->out_width, l->out_channels, l->kernel_h, l->kernel_w,    l->stride_h,
                        l->stride_w,  l->pad_h,        l->pad_w};
}

static int list_rows(kernel_row *rows, const graph *g, int batch)
{
    int count = 0;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l)) continue;
        kernel_row row = {.name = l->name,
                          .layers = 1,
                          .depthwise = l->kind == LAYER_DEPTHWISE,
                          .shape = shape_of(l, batch),
                          .operations = 2 * layer_macs(l) * batch};
        int same = 0;
        while (same < count &&
               (rows[same].depthwise != row.depthwise || memcmp(&rows[same].shape, &row.shape, sizeof row.shape) != 0))
            same++;
        if (same < count)
            rows[same].layers++;
        else
            rows[count++] = row;
    }
    return count;
}

/* The arrays of one layer in one block. */
typedef struct {
    real *block, *in, *din, *out, *weight, *dweight, *bias, *scratch;
} arrays;

static status arrays_make(arrays *a, const kernel_row *row)
{
    const conv_shape *s = &row->shape;
    size_t in = (size_t)s->batch * (size_t)(s->in_height * s->in_width) * (size_t)s->in_channels;
    size_t out = (size_t)s->batch * (size_t)(s->out_height * s->out_width) * (size_t)s->out_channels;
    size_t weight =
        (size_t)(s->kernel_h * s->kernel_w) * (size_t)(row->depthwise ? 1 : s->in_channels) * (size_t)s->out_channels;
    size_t bias = (size_t)s->out_channels, total = 2 * in + out + 2 * weight + bias + conv_scratch_reals(s);
    size_t bytes = (total * sizeof(real) + 63) / 64 * 64;
    a->block = aligned_alloc(64, bytes); /* as the arena does; the sizes of most layers keep it */
    if (a->block == NULL) return status_fail(STATUS_MEMORY, "no memory for the arrays of layer %s", row->name);
    for (size_t i = 0; i < total; i++) a->block[i] = (real)(i % 1021) / 1021 - (real)0.5;
    a->in = a->block;
    a->din = a->in + in;
    a->out = a->din + in;
    a->weight = a->out + out;
    a->dweight = a->weight + weight;
    a->bias = a->dweight + weight;
    a->scratch = a->bias + bias;
    return status_ok();
}

static void run_pass(const kernel_table *k, const kernel_row *row, int pass, const arrays *a)
{
    const conv_shape *s = &row->shape;
    if (pass == 0)
        (row->depthwise ? k->depthwise_forward : k->conv_forward)(a->out, a->in, a->weight, a->bias, s, a->scratch);
    else if (pass == 1)
        (row->depthwise ? k->depthwise_backward_data : k->conv_backward_data)(a->din, a->out, a->weight, s, false,
                                                                              a->scratch);
    else
        (row->depthwise ? k->depthwise_backward_weight : k->conv_backward_weight)(a->dweight, a->bias, a->out, a->in, s,
                                                                                  a->scratch);
}

static status measure(kernel_row *row, const kernel_table *k, limits *l)
{
    arrays a = {0};
    TRY(arrays_make(&a, row));
    for (int pass = 0; pass < PASSES; pass++) {
        double fastest = 1e30, begin = clock_seconds();
        while (clock_seconds() - begin < SECONDS_PER_PASS) {
            double started = clock_seconds();
            run_pass(k, row, pass, &a);
            double seconds = clock_seconds() - started;
            if (seconds < fastest) fastest = seconds;
        }
        row->gflops[pass] = row->operations / fastest * 1e-9;
    }
    free(a.block);
    limits_measure(l, k, CALIBRATION_SECONDS);
    return status_ok();
}

/* Of all layers together. */
static double total_rate(const kernel_row *rows, int count, int pass)
{
    double operations = 0, seconds = 0;
    for (int i = 0; i < count; i++) {
        operations += rows[i].layers * rows[i].operations;
        seconds += rows[i].layers * rows[i].operations / rows[i].gflops[pass];
    }
    return operations / seconds;
}

static void print_report(const kernel_row *rows, int count, const graph *g, const kernel_table *k, const limits *l)
{
    printf("%s, batch %d\n", g->name, rows[0].shape.batch);
    limits_print(l, k);
    printf("\n%-20s %-32s %6s  %-15s  %-15s  %-15s  GFLOP/s, %% of sgemm\n", "layer", "shape", "layers", "forward",
           "backward data", "backward weight");
    for (int i = 0; i < count; i++) {
        const conv_shape *s = &rows[i].shape;
        char shape[80];
        snprintf(shape, sizeof shape, "%dx%dx%d -> %d, %dx%d/%d%s", s->in_height, s->in_width, s->in_channels,
                 s->out_channels, s->kernel_h, s->kernel_w, s->stride_h, rows[i].depthwise ? " dw" : "");
        printf("%-20s %-32s %6d", rows[i].name, shape, rows[i].layers);
        for (int pass = 0; pass < PASSES; pass++)
            printf("  %7.1f %5.0f %%", rows[i].gflops[pass], 100 * rows[i].gflops[pass] / l->sgemm_gflops);
        printf("\n");
    }
    printf("%-20s %-32s %6s", "all", "", "");
    for (int pass = 0; pass < PASSES; pass++) {
        double total = total_rate(rows, count, pass);
        printf("  %7.1f %5.0f %%", total, 100 * total / l->sgemm_gflops);
    }
    printf("\n");
}

static void print_json(const kernel_row *rows, int count, const graph *g, const kernel_table *k, const limits *l)
{
    char blas[BLAS_NAME_LENGTH];
    blas_name(blas);
    printf("{\"network\": \"%s\", \"batch\": %d, \"kernels\": \"%s\", \"blas\": \"%s\", \"sgemm_gflops\": %.2f, "
           "\"fma_peak_gflops\": %.2f, \"layers\": [",
           g->name, rows[0].shape.batch, k->name, blas, l->sgemm_gflops, l->fma_peak_gflops);
    for (int i = 0; i < count; i++)
        printf("%s{\"name\": \"%s\", \"layers\": %d, \"forward_gflops\": %.2f, \"backward_data_gflops\": %.2f, "
               "\"backward_weight_gflops\": %.2f}",
               i > 0 ? ", " : "", rows[i].name, rows[i].layers, rows[i].gflops[0], rows[i].gflops[1],
               rows[i].gflops[2]);
    printf("], \"forward_gflops\": %.2f, \"backward_data_gflops\": %.2f, \"backward_weight_gflops\": %.2f}\n",
           total_rate(rows, count, 0), total_rate(rows, count, 1), total_rate(rows, count, 2));
}

static status run_kernels(const link_world *world, int argc, char **argv)
{
    (void)world;
    kernel_options o;
    TRY(read_options(&o, argc, argv));
    const kernel_table *k = kernels_choose(o.isa);
    if (k == NULL)
        return status_fail(STATUS_CONFIG, "bench kernels: this processor has no such kernels; --isa wants "
                                          "avx512, avx2 or portable");
    graph g;
    TRY(bench_network(&g, o.network));
    kernel_row *rows = calloc(MAX_ROWS, sizeof *rows);
    limits l = {0};
    status outcome = rows == NULL ? status_fail(STATUS_MEMORY, "no memory for the benchmark") : limits_open(&l);
    int count = failed(outcome) ? 0 : list_rows(rows, &g, (int)o.batch);
    for (int i = 0; i < count && !failed(outcome); i++) outcome = measure(&rows[i], k, &l);
    if (!failed(outcome)) (o.json ? print_json : print_report)(rows, count, &g, k, &l);
    limits_close(&l);
    free(rows);
    graph_free(&g);
    return outcome;
}

const benchmark benchmark_kernels = {
    .name = "kernels",
    .summary = "every distinct convolution of a network, forward and backward",
    .options = options,
    .run = run_kernels,
};
