/* An augmentation for test_added.c: one random value in the first place of each image, whenever images are changed. */
#include "core/data/augment/augmentation.h"

static bool is_on(const augment_settings *s)
{
    (void)s;
    return true;
}

static void paint(real *x, const augment_place *p)
{
    x[0] = (real)(2 + augment_draw(p, DRAW_NUMBERS - 1, 0).word[0] % 1000);
}

const augmentation augmentation_added = {"added", DRAW_NUMBERS - 1, is_on, paint};
