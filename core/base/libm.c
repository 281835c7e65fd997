#include "core/base/libm.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

/* Arguments: equal steps of an irrational length through the range where the function is used. */
enum { ARGUMENTS = 257 };
static const double STEP = 0.6180339887498949;

static double reciprocal_power(double x)
{
    return pow(10, -x);
}

static double single_exp(double x)
{
    return (double)expf((float)x);
}

static double single_log(double x)
{
    return (double)logf((float)x);
}

static const struct {
    double (*compute)(double);
    double low, high;
} functions[] = {{exp, -40, 40},
                 {log, 1e-12, 1e3},
                 {exp2, -40, 40},
                 {log2, 1e-12, 1e3},
                 {reciprocal_power, -12, 12},
                 {cos, 0, 6.283185307179586},
                 {sin, 0, 6.283185307179586},
                 {tanh, -8, 8},
                 {single_exp, -80, 80},
                 {single_log, 1e-12, 1e3}};

/* FNV-1a over the bits of the values. */
static uint32_t sum_values(void)
{
    uint32_t sum = 2166136261u;
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (int i = 0; i < ARGUMENTS; i++) {
            const double share = i * STEP - floor(i * STEP);
            const double value =
                functions[f].compute(functions[f].low + share * (functions[f].high - functions[f].low));
            unsigned char bytes[sizeof value];
            memcpy(bytes, &value, sizeof value);
            for (size_t b = 0; b < sizeof value; b++) sum = (sum ^ bytes[b]) * 16777619u;
        }
    return sum;
}

const char *libm_name(void)
{
    static char text[64];
#ifdef __GLIBC__
    const char *library = "glibc", *version = gnu_get_libc_version();
#else
    const char *library = "another C", *version = "library";
#endif
    if (text[0] == '\0') snprintf(text, sizeof text, "%s %.16s (values %08x)", library, version, sum_values());
    return text;
}
