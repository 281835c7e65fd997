/* augmentation: what changes an image on its way into the network, as a table of files. Geometry (geometry.h) decides
 * where pixels are read from; after it, the entries of this table paint over the real values, in its order. Each entry
 * has a number of its own for its draws, so that adding or switching on one changes no draw of another. */
#ifndef CORE_DATA_AUGMENT_AUGMENTATION_H
#define CORE_DATA_AUGMENT_AUGMENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/real.h"
#include "core/base/rng.h"
#include "core/config/settings.h"

/* The third coordinate of rng_draw(seed, RNG_AUGMENT, epoch, sample, c): number of the augmentation + 16 * block.
 * Part of the results: append, never renumber. */
enum {
    DRAW_ROTATE_SHIFT_FLIP = 0,
    DRAW_CROP = 1,
    DRAW_RESIZED_CROP = 2,
    DRAW_TIME_SHIFT = 3,
    DRAW_COLOUR = 4,
    DRAW_NOISE = 5,
    DRAW_CUTOUT = 6,
    DRAW_NUMBERS = 16
};

/* One sample on its way. */
typedef struct {
    const augment_settings *settings;
    int height, width, channels;
    real low, high; /* real values of the smallest and the largest sample code */
    uint64_t seed;
    uint32_t epoch, sample;
} augment_place;

static inline rng_block augment_draw(const augment_place *p, uint32_t number, uint32_t block)
{
    return rng_draw(p->seed, RNG_AUGMENT, p->epoch, p->sample, number + DRAW_NUMBERS * block);
}

typedef struct {
    const char *name; /* the key augment.NAME that switches it on */
    uint32_t draw;
    bool (*is_on)(const augment_settings *s);
    void (*paint)(real *x, const augment_place *p); /* x (height, width, channels), in place */
} augmentation;

/* Ends with NULL. */
extern const augmentation *const augmentations[];

#endif
