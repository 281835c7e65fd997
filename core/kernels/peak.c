#include "core/kernels/peak.h"

#include <string.h>

/* Enough chains to hide the latency of two multiply-add units. */
enum { CHAINS = 12 };

#define PEAK_FUNCTION(name, bytes, constraint, isa)                                                                    \
    typedef float name##_vector __attribute__((vector_size(bytes)));                                                   \
    isa static double name(long steps)                                                                                 \
    {                                                                                                                  \
        name##_vector sum[CHAINS] = {{0}}, factor = {0}, term = {0};                                                   \
        for (int i = 0; i < CHAINS; ++i) __asm__ volatile("" : "+" constraint(sum[i])); /* not one chain 12 times */   \
        for (long k = 0; k < steps; ++k) {                                                                             \
            __asm__ volatile("" : "+" constraint(factor), "+" constraint(term)); /* not a constant */                  \
            _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; ++i) sum[i] = sum[i] * factor + term;                 \
        }                                                                                                              \
        for (int i = 0; i < CHAINS; ++i) __asm__ volatile("" : : constraint(sum[i]));                                  \
        return 2.0 * (double)steps * CHAINS * (bytes / sizeof(float));                                                 \
    }

#if defined(__x86_64__)
PEAK_FUNCTION(sse, 16, "x", )
PEAK_FUNCTION(avx2, 32, "x", __attribute__((target("avx2,fma"))))
PEAK_FUNCTION(avx512, 64, "v", __attribute__((target("avx512f,fma"))))
#else
PEAK_FUNCTION(plain, 16, "m", )
#endif

double peak_multiply_add(const kernel_table *k, long steps)
{
#if defined(__x86_64__)
    if (strcmp(k->name, "avx512") == 0) return avx512(steps);
    if (strcmp(k->name, "avx2") == 0) return avx2(steps);
    return sse(steps);
#else
    (void)k;
    return plain(steps);
#endif
}
