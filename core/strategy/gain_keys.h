/* gain_keys: the keys of an entry that say how sensitivities are computed (core/train/gains.h), for every strategy that
 * measures them. `options`: its type, with the members exact (0: signs, 1), repeats and samples. */
#ifndef CORE_STRATEGY_GAIN_KEYS_H
#define CORE_STRATEGY_GAIN_KEYS_H

#include <stddef.h>

#include "core/config/settings.h"

static const char *const gain_estimators[] = {"signs", "exact", NULL};

#define GAIN_KEYS(options)                                                                                             \
    {.path = "gain",                                                                                                   \
     .type = KEY_CHOICE,                                                                                               \
     .offset = ENTRY_OPTION(options, exact),                                                                           \
     .fallback = "\"signs\"",                                                                                          \
     .choices = gain_estimators,                                                                                       \
     .help =                                                                                                           \
         "How sensitivities are computed: estimated with random signs, or with a backward pass for each image and "    \
         "class."},                                                                                                    \
        {.path = "gain_repeats",                                                                                       \
         .type = KEY_INTEGER,                                                                                          \
         .offset = ENTRY_OPTION(options, repeats),                                                                     \
         .fallback = "4",                                                                                              \
         .low = 1,                                                                                                     \
         .high = 255,                                                                                                  \
         .help = "Draws of the signs, averaged."},                                                                     \
    {                                                                                                                  \
        .path = "samples", .type = KEY_INTEGER, .offset = ENTRY_OPTION(options, samples), .fallback = "2600",          \
        .low = 1, .high = 1e7, .unit = "images",                                                                       \
        .help = "Training images for the sensitivities: whole batches, at most an epoch."                              \
    }

#endif
