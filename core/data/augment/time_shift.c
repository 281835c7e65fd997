/* Time shift of features over time (rows): by a whole number of frames, uniform over -n ... n; what moves in is the
 * outermost frame again, for zero is not silence in logarithmic features. */
#include <string.h>

#include "core/data/augment/augmentation.h"

static bool is_on(const augment_settings *s)
{
    return s->time_shift > 0;
}

static void paint(real *x, const augment_place *p)
{
    int most = p->settings->time_shift < p->height ? p->settings->time_shift : p->height - 1;
    int shift = (int)rng_below(augment_draw(p, DRAW_TIME_SHIFT, 0).word[0], 2 * (uint32_t)most + 1) - most;
    size_t row = (size_t)p->width * p->channels;
    int kept = p->height - (shift < 0 ? -shift : shift);
    if (shift > 0) {
        memmove(x + (size_t)shift * row, x, (size_t)kept * row * sizeof *x);
        for (int y = 0; y < shift; y++) memcpy(x + (size_t)y * row, x + (size_t)shift * row, row * sizeof *x);
    } else if (shift < 0) {
        memmove(x, x + (size_t)-shift * row, (size_t)kept * row * sizeof *x);
        for (int y = kept; y < p->height; y++)
            memcpy(x + (size_t)y * row, x + (size_t)(kept - 1) * row, row * sizeof *x);
    }
}

const augmentation augmentation_time_shift = {"time_shift", DRAW_TIME_SHIFT, is_on, paint};
