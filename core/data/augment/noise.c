/* Noise: to every value a nearly normal number with the standard deviation of augment.noise: the sum of four random
 * bytes, which ends at 3.45 standard deviations. (Exact on every machine, and a tenth of the work of logarithms.) */
#include "core/data/augment/augmentation.h"

static const double SUM_MEAN = 510, SUM_DEVIATION = 147.80054127099805; /* sqrt(4 (256^2 - 1) / 12) */

static bool is_on(const augment_settings *s)
{
    return s->noise > 0;
}

static int sum_bytes(uint32_t word)
{
    return (int)(word & 255) + (int)(word >> 8 & 255) + (int)(word >> 16 & 255) + (int)(word >> 24);
}

static void paint(real *x, const augment_place *p)
{
    const size_t count = (size_t)p->height * p->width * p->channels;
    const double unit = p->settings->noise / SUM_DEVIATION;
    for (size_t i = 0; i < count; i += 4) {
        rng_block draw = augment_draw(p, DRAW_NOISE, (uint32_t)(i / 4));
        for (size_t k = 0; k < 4 && i + k < count; k++) x[i + k] += (real)(unit * (sum_bytes(draw.word[k]) - SUM_MEAN));
    }
}

const augmentation augmentation_noise = {"noise", DRAW_NOISE, is_on, paint};
