/* bench_conv: rates of the convolutions of ResNet-8 in their three passes, beside what the processor can do: the
 * measured rate of independent fused multiply-adds and of a dense matrix product. By hand: build the target bench_conv
 * and run BUILD/core/kernels/bench_conv [ISA [BATCH]]. A rate counts the multiply-adds of the definition (borders
 * included), two operations each. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"

/* A pass is repeated for this long and its fastest call counts: other work on the machine makes calls slower, never
 * faster. */
static const double SECONDS_PER_PASS = 0.15;

typedef struct {
    const char *name;
    int size, in, out, kernel, stride;
} layer;

/* method.md 6.1 */
static const layer LAYERS[] = {
    {"input", 32, 3, 16, 3, 1},  {"b1.c1", 32, 16, 16, 3, 1}, {"b1.c2", 32, 16, 16, 3, 1}, {"b2.c1", 32, 16, 32, 3, 2},
    {"b2.c2", 16, 32, 32, 3, 1}, {"b2.sc", 32, 16, 32, 1, 2}, {"b3.c1", 16, 32, 64, 3, 2}, {"b3.c2", 8, 64, 64, 3, 1},
    {"b3.sc", 16, 32, 64, 1, 2}, {"fc", 1, 64, 10, 1, 1},
};

static real *numbers(size_t count)
{
    real *p = aligned_alloc(64, (count * sizeof(real) + 63) / 64 * 64);
    if (p == NULL) exit(EXIT_FAILURE);
    for (size_t i = 0; i < count; ++i) p[i] = (real)((double)(i * 2654435761u % 1024) / 1024.0 - 0.5);
    return p;
}

/* Independent chains of multiply-adds in registers at full vector width: the fastest of some short runs. */
#if defined(__AVX512F__)
typedef float wide __attribute__((vector_size(64)));
#elif defined(__AVX2__)
typedef float wide __attribute__((vector_size(32)));
#else
typedef float wide __attribute__((vector_size(16)));
#endif
enum { CHAINS = 12, STEPS = 100000 };

static double multiply_add_rate(void)
{
    wide sum[CHAINS] = {{0}}, factor = {0}, term = {0};
    double fastest = 1.0, begin = clock_seconds();
    while (clock_seconds() - begin < SECONDS_PER_PASS) {
        double start = clock_seconds();
        for (int k = 0; k < STEPS; ++k) {
            __asm__ volatile("" : "+x"(factor), "+x"(term)); /* not a constant */
#pragma GCC unroll 16
            for (int i = 0; i < CHAINS; ++i) sum[i] = sum[i] * factor + term;
        }
        double seconds = clock_seconds() - start;
        if (seconds < fastest) fastest = seconds;
    }
    for (int i = 0; i < CHAINS; ++i) __asm__ volatile("" : : "x"(sum[i]));
    return 2.0 * (double)STEPS * CHAINS * sizeof(wide) / sizeof(float) / fastest * 1e-9;
}

static double gemm_rate(void)
{
    enum { SIZE = 512 };
    real *a = numbers(SIZE * SIZE), *b = numbers(SIZE * SIZE), *c = numbers(SIZE * SIZE);
    double fastest = 1e9, begin = clock_seconds();
    while (clock_seconds() - begin < 3 * SECONDS_PER_PASS) {
        double start = clock_seconds();
        gemm(c, SIZE, a, SIZE, false, b, SIZE, false, 0, SIZE, SIZE, SIZE);
        double seconds = clock_seconds() - start;
        if (seconds < fastest) fastest = seconds;
    }
    free(a);
    free(b);
    free(c);
    return 2.0 * SIZE * SIZE * SIZE / fastest * 1e-9;
}

int main(int argc, char **argv)
{
    const kernel_table *k = kernels_choose(argc > 1 ? argv[1] : NULL);
    int batch = argc > 2 ? atoi(argv[2]) : 8;
    if (k == NULL || batch < 1) {
        fprintf(stderr, "usage: bench_conv [avx512|avx2|portable [BATCH]]\n");
        return 2;
    }
    char library[GEMM_LIBRARY_LENGTH];
    gemm_library(library);
    printf("kernels %s, batch %d\n", k->name, batch);
    printf("multiply-adds, %zu lanes %21.1f GFLOP/s\n", sizeof(wide) / sizeof(float), multiply_add_rate());
    printf("gemm 512, %-24s %7.1f GFLOP/s\n\n%-6s %9s %9s %9s   GFLOP/s\n", library, gemm_rate(), "layer", "forward",
           "data", "weight");

    double total_work = 0.0, total_seconds[3] = {0};
    for (size_t l = 0; l < sizeof LAYERS / sizeof *LAYERS; ++l) {
        const layer *y = &LAYERS[l];
        int pad = y->kernel / 2, out_size = (y->size + 2 * pad - y->kernel) / y->stride + 1;
        conv_shape s = {batch,     y->size,   y->size,   y->in,     out_size, out_size, y->out,
                        y->kernel, y->kernel, y->stride, y->stride, pad,      pad};
        real *in = numbers((size_t)(batch * y->size * y->size * y->in)),
             *din = numbers((size_t)(batch * y->size * y->size * y->in));
        real *out = numbers((size_t)(batch * out_size * out_size * y->out));
        real *weight = numbers((size_t)(y->kernel * y->kernel * y->in * y->out)), *bias = numbers((size_t)y->out);
        real *dweight = numbers((size_t)(y->kernel * y->kernel * y->in * y->out)),
             *scratch = numbers(conv_scratch_reals(&s));
        double work = 2.0 * batch * out_size * out_size * y->out * y->kernel * y->kernel * y->in;

        total_work += work;
        printf("%-6s", y->name);
        for (int pass = 0; pass < 3; ++pass) {
            double fastest = 1e9, begin = clock_seconds();
            while (clock_seconds() - begin < SECONDS_PER_PASS) {
                double start = clock_seconds();
                if (pass == 0)
                    k->conv_forward(out, in, weight, bias, &s, scratch);
                else if (pass == 1)
                    k->conv_backward_data(din, out, weight, &s, false, scratch);
                else
                    k->conv_backward_weight(dweight, bias, out, in, &s, scratch);
                double seconds = clock_seconds() - start;
                if (seconds < fastest) fastest = seconds;
            }
            total_seconds[pass] += fastest;
            printf(" %9.1f", work / fastest * 1e-9);
        }
        printf("\n");
        free(in);
        free(din);
        free(out);
        free(weight);
        free(bias);
        free(dweight);
        free(scratch);
    }
    printf("%-6s %9.1f %9.1f %9.1f   all layers\n", "net", total_work / total_seconds[0] * 1e-9,
           total_work / total_seconds[1] * 1e-9, total_work / total_seconds[2] * 1e-9);
    return 0;
}
