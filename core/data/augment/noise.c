/* Noise: to every value a normal number with the standard deviation of augment.noise. Not cut off. */
#include "core/data/augment/augmentation.h"

static bool is_on(const augment_settings *s)
{
    return s->noise > 0;
}

static void paint(real *x, const augment_place *p)
{
    const size_t count = (size_t)p->height * p->width * p->channels;
    for (size_t i = 0; i < count; i += 4) {
        double normal[4];
        rng_block draw = augment_draw(p, DRAW_NOISE, (uint32_t)(i / 4));
        rng_normal(draw, normal);
        rng_normal((rng_block){{draw.word[2], draw.word[3]}}, normal + 2);
        for (size_t k = 0; k < 4 && i + k < count; k++) x[i + k] += (real)(p->settings->noise * normal[k]);
    }
}

const augmentation augmentation_noise = {"noise", DRAW_NOISE, is_on, paint};
