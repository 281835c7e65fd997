#include "tests/support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"

bool check_close(const char *name, const real *actual, const real *expected, size_t count, double absolute,
                 double relative)
{
    size_t wrong = 0, first_wrong = 0, at_absolute = 0, at_relative = 0;
    double largest_absolute = -1.0, largest_relative = -1.0;
    for (size_t i = 0; i < count; ++i) {
        double a = (double)actual[i], e = (double)expected[i], difference = fabs(a - e);
        if (!isfinite(a) || !isfinite(e)) difference = INFINITY;
        double ratio = difference > 0.0 ? difference / fabs(e) : 0.0;
        if (difference > largest_absolute) {
            largest_absolute = difference;
            at_absolute = i;
        }
        if (ratio > largest_relative) {
            largest_relative = ratio;
            at_relative = i;
        }
        if (!(difference <= absolute + relative * fabs(e)) && wrong++ == 0) first_wrong = i;
    }
    if (wrong == 0) return true;
    fprintf(stderr,
            "%s: %zu of %zu values differ, first at %zu\n"
            "    largest absolute difference %.3e at %zu: %.9g, expected %.9g\n"
            "    largest relative difference %.3e at %zu: %.9g, expected %.9g\n"
            "    allowed: %.3e + %.3e * |expected|\n",
            name, wrong, count, first_wrong, largest_absolute, at_absolute, (double)actual[at_absolute],
            (double)expected[at_absolute], largest_relative, at_relative, (double)actual[at_relative],
            (double)expected[at_relative], absolute, relative);
    return false;
}

bool check_same(const char *name, const real *actual, const real *expected, size_t count)
{
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < count; ++i) {
        bool same = actual[i] == expected[i] || (isnan((double)actual[i]) && isnan((double)expected[i]));
        if (!same && wrong++ == 0) first = i;
    }
    if (wrong == 0) return true;
    fprintf(stderr, "%s: %zu of %zu values are not the same, first at %zu: %.17g, expected %.17g\n", name, wrong, count,
            first, (double)actual[first], (double)expected[first]);
    return false;
}

bool check_value(const char *name, double actual, double expected, double absolute, double relative)
{
    if (fabs(actual - expected) <= absolute + relative * fabs(expected)) return true;
    fprintf(stderr, "%s: %.17g, expected %.17g (allowed: %.3e + %.3e * |expected|)\n", name, actual, expected, absolute,
            relative);
    return false;
}

void fill_uniform(real *out, size_t count, uint64_t seed, double low, double high)
{
    for (size_t i = 0; i < count; ++i) {
        rng_block block = rng_draw(seed, RNG_SYNTHETIC, (uint32_t)i, 0, 0);
        out[i] = (real)(low + (high - low) * (double)rng_uniform(block.word[0]));
    }
}

real *new_reals(size_t count)
{
    real *block = malloc((count > 0 ? count : 1) * sizeof(real));
    if (block == NULL) {
        fprintf(stderr, "no memory for %zu numbers\n", count);
        exit(EXIT_FAILURE);
    }
    return block;
}

void fill_poison(real *out, size_t count)
{
    for (size_t i = 0; i < count; ++i) out[i] = (real)NAN;
}
