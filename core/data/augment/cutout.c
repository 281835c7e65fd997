/* Cutout (DeVries and Taylor, arXiv:1708.04552): a square of zeros whose centre is uniform over the image; it may stick
 * out at the edges. */
#include "core/data/augment/augmentation.h"

static bool is_on(const augment_settings *s)
{
    return s->cutout_pixels > 0;
}

/* The part of [centre - side/2, centre - side/2 + side) that is in the image. */
static void span_of(int *first, int *end, int centre, int side, int size)
{
    *first = centre - side / 2;
    *end = *first + side;
    if (*first < 0) *first = 0;
    if (*end > size) *end = size;
}

static void paint(real *x, const augment_place *p)
{
    const rng_block draw = augment_draw(p, DRAW_CUTOUT, 0);
    int top, bottom, left, right;
    span_of(&top, &bottom, (int)rng_below(draw.word[0], (uint32_t)p->height), p->settings->cutout_pixels, p->height);
    span_of(&left, &right, (int)rng_below(draw.word[1], (uint32_t)p->width), p->settings->cutout_pixels, p->width);
    for (int y = top; y < bottom; y++) {
        real *row = x + ((size_t)y * p->width + left) * p->channels;
        for (int i = 0; i < (right - left) * p->channels; i++) row[i] = 0;
    }
}

const augmentation augmentation_cutout = {"cutout_pixels", DRAW_CUTOUT, is_on, paint};
