/* stripes: a small data set of three kinds of stripes, one third of it for validation and test. The set borrows
 * variables of this header: there is one in a test. */
#ifndef TESTS_SUPPORT_STRIPES_H
#define TESTS_SUPPORT_STRIPES_H

#include "core/base/rng.h"
#include "core/data/dataset.h"

enum { SIDE = 6, CHANNELS = 2, CLASSES = 3, SAMPLES = 150, PIXELS = SIDE * SIDE * CHANNELS };

static uint8_t pixels[SAMPLES * PIXELS];
static int32_t labels[SAMPLES], numbers[SAMPLES];
static char class_names[CLASSES * DATASET_NAME];

static inline dataset stripes(void)
{
    for (int n = 0; n < SAMPLES; n++) {
        numbers[n] = n;
        labels[n] = n % 7 < 2 ? 0 : n % 2 + 1; /* classes of different size */
        for (int i = 0; i < PIXELS; i++) {
            int y = i / (SIDE * CHANNELS), x = i / CHANNELS % SIDE;
            int bright = labels[n] == 0 ? y % 2 : labels[n] == 1 ? x % 2 : (x + y) % 2;
            uint32_t noise = rng_draw(5, RNG_SYNTHETIC, (uint32_t)n, (uint32_t)i, 0).word[0];
            pixels[n * PIXELS + i] = (uint8_t)(rng_below(noise, 150) + (uint32_t)(bright * 90));
        }
    }
    dataset d = {.name = "stripes",
                 .height = SIDE,
                 .width = SIDE,
                 .channels = CHANNELS,
                 .classes = CLASSES,
                 .count = SAMPLES,
                 .scale = 1.0f / 255,
                 .labels = labels,
                 .samples = pixels,
                 .class_names = class_names};
    const int first[SPLIT_COUNT] = {0, 90, 120}, count[SPLIT_COUNT] = {90, 30, 30};
    for (int s = 0; s < SPLIT_COUNT; s++) {
        d.split_count[s] = count[s];
        d.split_index[s] = numbers + first[s];
    }
    return d;
}

#endif
