/* Chooses the kernel table of this processor. */
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"

#ifdef KERNELS_X86
extern const kernel_table kernels_avx512, kernels_avx2;

static bool runs_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
}

static bool runs_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif
extern const kernel_table kernels_portable;

const kernel_table *kernels_choose(const char *name)
{
    if (name == NULL) name = getenv("BITFRONT_ISA");
    bool any = name == NULL || name[0] == '\0';
#ifdef KERNELS_X86
    if ((any || strcmp(name, "avx512") == 0) && runs_avx512()) return &kernels_avx512;
    if ((any || strcmp(name, "avx2") == 0) && runs_avx2()) return &kernels_avx2;
#endif
    return any || strcmp(name, "portable") == 0 ? &kernels_portable : NULL;
}
