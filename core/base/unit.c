#include "core/base/unit.h"

#include <stddef.h>
#include <string.h>

static double bits_of_memory(const char *unit)
{
    static const struct {
        const char *unit;
        double bits;
    } sizes[] = {{"bit", 1},  {"bits", 1}, {"B", 8},      {"bytes", 8},
                 {"kB", 8e3}, {"MB", 8e6}, {"KiB", 8192}, {"MiB", 8388608}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (strcmp(unit, sizes[i].unit) == 0) return sizes[i].bits;
    return 0;
}

double unit_factor(const char *given, const char *unit)
{
    static const struct {
        char prefix;
        double factor;
    } prefixes[] = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}, {'m', 1e-3}, {'u', 1e-6}};
    if (strcmp(given, unit) == 0) return 1;
    if (strcmp(unit, "bits") == 0 || strcmp(unit, "bytes") == 0) {
        const double memory = bits_of_memory(given);
        if (memory > 0) return memory / bits_of_memory(unit);
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (given[0] == prefixes[i].prefix && strcmp(given + 1, unit) == 0) return prefixes[i].factor;
    return 0;
}
