#include "core/base/unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
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

void unit_choices(char out[64], const char *unit)
{
    if (strcmp(unit, "bits") == 0 || strcmp(unit, "bytes") == 0)
        snprintf(out, 64, "bit, B, kB, MB, KiB or MiB");
    else
        snprintf(out, 64, "%.16s, k%.16s or M%.16s", unit, unit, unit);
}

void unit_text(char out[48], double value, const char *unit)
{
    const bool bits = strcmp(unit, "bits") == 0, memory = bits || strcmp(unit, "bytes") == 0;
    const double shown = bits ? value / 8 : value;
    const char *name = memory ? "B" : unit;
    if (shown >= 1e9 && !memory)
        snprintf(out, 48, "%.3g G%.32s", shown / 1e9, name);
    else if (shown >= 999500)
        snprintf(out, 48, "%.3g M%.32s", shown / 1e6, name);
    else if (shown >= 999.5)
        snprintf(out, 48, "%.3g k%.32s", shown / 1e3, name);
    else
        snprintf(out, 48, "%.3g %.32s", shown, name);
}
