/* Colour jitter: brightness (all values times a factor), contrast (distance from the image's mean grey times a factor),
 * saturation (distance from the pixel's own grey times a factor), in this order; the three factors are uniform in 1-j
 * ... 1+j. Values stay within those that samples can have. Grey is 0.299 R + 0.587 G + 0.114 B, or the value itself. */
#include "core/data/augment/augmentation.h"

static bool is_on(const augment_settings *s)
{
    return s->colour_jitter > 0;
}

static real factor(uint32_t word, double jitter)
{
    return (real)(1.0 + jitter * (2.0 * (double)rng_uniform(word) - 1.0));
}

static real within(real v, const augment_place *p)
{
    return v < p->low ? p->low : v > p->high ? p->high : v;
}

static real grey_of(const real *pixel, int channels)
{
    return channels == 3 ? (real)0.299 * pixel[0] + (real)0.587 * pixel[1] + (real)0.114 * pixel[2] : pixel[0];
}

/* v -> around + by * (v - around) */
static void stretch(real *v, int channels, real around, real by, const augment_place *p)
{
    for (int k = 0; k < channels; k++) v[k] = within(around + by * (v[k] - around), p);
}

static void paint(real *x, const augment_place *p)
{
    const double jitter = p->settings->colour_jitter;
    const rng_block draw = augment_draw(p, DRAW_COLOUR, 0);
    const int pixels = p->height * p->width, channels = p->channels;
    const real brightness = factor(draw.word[0], jitter), contrast = factor(draw.word[1], jitter),
               saturation = factor(draw.word[2], jitter);
    double sum = 0;
    for (int i = 0; i < pixels; i++) {
        real *pixel = x + (size_t)i * channels;
        stretch(pixel, channels, 0, brightness, p);
        sum += (double)grey_of(pixel, channels);
    }
    const real mean = (real)(sum / pixels);
    for (int i = 0; i < pixels; i++) {
        real *pixel = x + (size_t)i * channels;
        stretch(pixel, channels, mean, contrast, p);
        if (channels == 3) stretch(pixel, channels, grey_of(pixel, channels), saturation, p);
    }
}

const augmentation augmentation_colour = {"colour_jitter", DRAW_COLOUR, is_on, paint};
