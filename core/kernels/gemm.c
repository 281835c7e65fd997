#define _POSIX_C_SOURCE 200809L
#include "core/kernels/gemm.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/kernels/kernels.h"

/* OpenBLAS's own functions, absent from other BLAS libraries. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));

void gemm(real *c, int c_step, const real *a, int a_step, bool transposed_a, const real *b, int b_step,
          bool transposed_b, real beta, int m, int n, int k)
{
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(1);
    CBLAS_TRANSPOSE ta = transposed_a ? CblasTrans : CblasNoTrans, tb = transposed_b ? CblasTrans : CblasNoTrans;
#ifdef BITFRONT_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, a_step, b, b_step, beta, c, c_step);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, a, a_step, b, b_step, beta, c, c_step);
#endif
}

/* Read by OpenBLAS; and where gemm_choose_core notes for the program it starts what OpenBLAS took by itself. */
static const char *const core_variable = "OPENBLAS_CORETYPE", *const default_variable = "BITFRONT_BLAS_DEFAULT_CORE";

void gemm_library(char name[GEMM_LIBRARY_LENGTH])
{
    snprintf(name, GEMM_LIBRARY_LENGTH, "BLAS");
    if (openblas_get_config == NULL || openblas_get_corename == NULL) return;

    /* The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words name the library. */
    const char *config = openblas_get_config(), *by_itself = getenv(default_variable);
    size_t length = strcspn(config, " ");
    if (config[length] == ' ') length += 1 + strcspn(config + length + 1, " ");
    snprintf(name, GEMM_LIBRARY_LENGTH, "%.*s (%.20s%s%.20s)", (int)length, config, openblas_get_corename(),
             by_itself != NULL ? " instead of " : "", by_itself != NULL ? by_itself : "");
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcasecmp(name, *list) == 0) return true;
    return false;
}

const char *gemm_faster_core(const char *loaded, bool avx512, bool avx2)
{
    static const char *const with_avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    static const char *const with_avx2[] = {"Haswell", "Zen", "Excavator", NULL};
    if (is_one_of(loaded, with_avx512)) return NULL;
    if (avx512) return "SKYLAKEX";
    return avx2 && !is_one_of(loaded, with_avx2) ? "HASWELL" : NULL;
}

/* For this processor and the library as it was loaded. A library built for one core cannot be told. */
static const char *find_faster_core(void)
{
    if (openblas_get_config == NULL || openblas_get_corename == NULL) return NULL;
    if (strstr(openblas_get_config(), "DYNAMIC_ARCH") == NULL) return NULL;
    return gemm_faster_core(openblas_get_corename(), kernels_choose("avx512") != NULL, kernels_choose("avx2") != NULL);
}

void gemm_choose_core(char **argv)
{
    const char *core = find_faster_core();
    if (core == NULL || getenv(core_variable) != NULL) return;
    if (setenv(default_variable, openblas_get_corename(), 1) != 0 || setenv(core_variable, core, 0) != 0) return;
    execv("/proc/self/exe", argv);
    unsetenv(core_variable); /* it could not be started again: gemm_warning will say so */
    unsetenv(default_variable);
}

void gemm_warning(char text[GEMM_WARNING_LENGTH])
{
    const char *core = find_faster_core(), *forced = getenv(core_variable);
    text[0] = '\0';
    if (core == NULL) return;
    int used = snprintf(text, GEMM_WARNING_LENGTH,
                        "OpenBLAS computes with its kernels for %.20s, slower than this processor "
                        "allows: ",
                        openblas_get_corename());
    if (forced != NULL)
        snprintf(text + used, GEMM_WARNING_LENGTH - (size_t)used, "%s is set to %.20s; unset it", core_variable,
                 forced);
    else
        snprintf(text + used, GEMM_WARNING_LENGTH - (size_t)used, "set %s=%s", core_variable, core);
}
