#include "core/data/import/digit_image.h"

#include <math.h>

#include "core/data/import/glyph.h"

enum { SIDE = DIGIT_SIDE, PIXELS = SIDE * SIDE };

typedef struct {
    float rgb[3]; /* 0 ... 1 inside the picture range */
} colour;

typedef struct {
    colour pixel[PIXELS]; /* (row, column) */
} canvas;

typedef struct {
    float cosine, sine;
} direction;

static float clamp01(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* Rotation by 2*atan(t): the rational parametrisation of the circle, which needs no trigonometric function. */
static direction direction_of(float t)
{
    float scale = 1 / (1 + t * t);
    return (direction){(1 - t * t) * scale, 2 * t * scale};
}

static colour draw_colour(draws *d, float low, float high)
{
    colour c;
    for (int k = 0; k < 3; k++) c.rgb[k] = draws_between(d, low, high);
    return c;
}

static void paint_gradient(canvas *to, draws *d)
{
    colour first = draw_colour(d, 0.1f, 0.9f), change = draw_colour(d, -0.45f, 0.45f);
    direction along = direction_of(draws_between(d, -1, 1));
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float t = (along.cosine * ((float)x - 15.5f) + along.sine * ((float)y - 15.5f)) * (1.0f / SIDE);
            for (int k = 0; k < 3; k++) to->pixel[y * SIDE + x].rgb[k] = first.rgb[k] + t * change.rgb[k];
        }
}

/* Random values on a lattice, `cell` pixels apart, smoothly interpolated, times a colour. */
static void add_noise_octave(canvas *to, float cell, float strength, draws *d)
{
    enum { LATTICE = 14 }; /* cell >= 3: at most 32/3 + 2 values along an axis */
    float lattice[LATTICE][LATTICE];
    int count = (int)(SIDE / cell) + 2;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) lattice[i][j] = draws_between(d, -1, 1);
    colour tint = draw_colour(d, 0.3f * strength, strength);

    int at[SIDE];
    float weight[SIDE];
    for (int x = 0; x < SIDE; x++) {
        float position = (float)x / cell;
        at[x] = (int)position;
        float t = position - (float)at[x];
        weight[x] = t * t * (3 - 2 * t);
    }
    for (int y = 0; y < SIDE; y++) {
        const float *above = lattice[at[y]], *below = lattice[at[y] + 1];
        for (int x = 0; x < SIDE; x++) {
            int j = at[x];
            float top = above[j] + weight[x] * (above[j + 1] - above[j]);
            float bottom = below[j] + weight[x] * (below[j + 1] - below[j]);
            float value = top + weight[y] * (bottom - top);
            for (int k = 0; k < 3; k++) to->pixel[y * SIDE + x].rgb[k] += value * tint.rgb[k];
        }
    }
}

/* A triangle wave of `period` pixels across a random direction. */
static void add_stripes(canvas *to, float strength, draws *d)
{
    direction across = direction_of(draws_between(d, -1, 1));
    float period = draws_between(d, 4, 14), phase = draws_between(d, 0, 1);
    colour tint = draw_colour(d, -strength, strength);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float t = (across.cosine * (float)x + across.sine * (float)y) / period + phase + SIDE; /* above 0 */
            float wave = 4 * fabsf(t - (float)(int)t - 0.5f) - 1;
            for (int k = 0; k < 3; k++) to->pixel[y * SIDE + x].rgb[k] += wave * tint.rgb[k];
        }
}

/* A gradient between two colours, two octaves of value noise and, on most images, stripes. */
static void paint_background(canvas *to, draws *d)
{
    paint_gradient(to, d);
    float coarse = draws_between(d, 6, 11), fine = draws_between(d, 3, 5);
    float coarse_strength = draws_between(d, 0, 0.25f), fine_strength = draws_between(d, 0, 0.18f);
    add_noise_octave(to, coarse, coarse_strength, d);
    add_noise_octave(to, fine, fine_strength, d);
    float stripes = draws_between(d, -0.15f, 0.25f);
    if (stripes > 0) add_stripes(to, stripes, d);
}

/* How far each pixel is covered by strokes; a stroke is the set of points near its segments. */
typedef struct {
    float cover[PIXELS]; /* 0 ... 1: part of the pixel that is inked */
} ink;

static int clamp_pixel(float v)
{
    return v < 0 ? 0 : v > SIDE - 1 ? SIDE - 1 : (int)v;
}

/* Raises the cover of pixels within `radius` of the segment; the edge is one pixel wide. */
static void ink_segment(ink *to, segment s, float radius)
{
    float reach = radius + 0.5f;
    int left = clamp_pixel(fminf(s.from.x, s.to.x) - reach), right = clamp_pixel(fmaxf(s.from.x, s.to.x) + reach + 1);
    int top = clamp_pixel(fminf(s.from.y, s.to.y) - reach), bottom = clamp_pixel(fmaxf(s.from.y, s.to.y) + reach + 1);
    float dx = s.to.x - s.from.x, dy = s.to.y - s.from.y;
    float inverse = 1 / (dx * dx + dy * dy + 1e-6f);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            float px = (float)x - s.from.x, py = (float)y - s.from.y;
            float t = clamp01((px * dx + py * dy) * inverse);
            float ex = px - t * dx, ey = py - t * dy;
            float cover = clamp01(reach - sqrtf(ex * ex + ey * ey));
            if (cover > to->cover[y * SIDE + x]) to->cover[y * SIDE + x] = cover;
        }
}

static void paint_ink(canvas *to, const ink *from, colour c, float opacity)
{
    for (int i = 0; i < PIXELS; i++) {
        float a = from->cover[i] * opacity;
        if (a == 0) continue;
        for (int k = 0; k < 3; k++) to->pixel[i].rgb[k] += a * (c.rgb[k] - to->pixel[i].rgb[k]);
    }
}

/* A distractor: a bent stroke of random colour. */
static void paint_stray_stroke(canvas *to, float longest, float widest, float opacity, draws *d)
{
    enum { PIECES = 4 };
    point at;
    at.x = draws_between(d, 0, SIDE);
    at.y = draws_between(d, 0, SIDE);
    float t = draws_between(d, -1, 1), bend = draws_between(d, -0.25f, 0.25f);
    float length = draws_between(d, 0.3f, 1) * longest, radius = draws_between(d, 0.5f, widest);
    direction heading = direction_of(t), turn = direction_of(bend);
    ink stroke = {{0}};
    for (int i = 0; i < PIECES; i++) {
        point next = {at.x + heading.cosine * length / PIECES, at.y + heading.sine * length / PIECES};
        ink_segment(&stroke, (segment){at, next}, radius);
        heading = (direction){heading.cosine * turn.cosine - heading.sine * turn.sine,
                              heading.sine * turn.cosine + heading.cosine * turn.sine};
        at = next;
    }
    paint_ink(to, &stroke, draw_colour(d, 0, 1), opacity);
}

/* A distractor: a soft ellipse. */
static void paint_blob(canvas *to, draws *d)
{
    float cx = draws_between(d, 0, SIDE), cy = draws_between(d, 0, SIDE);
    float wide = draws_between(d, 2, 8), high = draws_between(d, 2, 8), opacity = draws_between(d, 0.2f, 0.7f);
    direction axis = direction_of(draws_between(d, -1, 1));
    ink blob;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float dx = (float)x - cx, dy = (float)y - cy;
            float u = (axis.cosine * dx + axis.sine * dy) / wide, v = (axis.cosine * dy - axis.sine * dx) / high;
            blob.cover[y * SIDE + x] = clamp01(3 * (1 - u * u - v * v));
        }
    paint_ink(to, &blob, draw_colour(d, 0, 1), opacity);
}

/* Where the unit square of the glyph goes: widened, slanted, rotated, scaled, moved. */
static void place_segments(segment *segments, int count, draws *d)
{
    float size = draws_between(d, 16, 26), widen = draws_between(d, 0.8f, 1.15f),
          slant = draws_between(d, -0.35f, 0.35f);
    direction turn = direction_of(draws_between(d, -0.24f, 0.24f)); /* 2*atan(0.24) = 27 degrees */
    float room = 0.5f * (SIDE - size);
    float cx = 15.5f + draws_between(d, -room, room), cy = 15.5f + draws_between(d, -room, room);
    for (int i = 0; i < count; i++) {
        point *ends[2] = {&segments[i].from, &segments[i].to};
        for (int e = 0; e < 2; e++) {
            float v = (ends[e]->y - 0.5f) * size, u = (ends[e]->x - 0.5f) * size * widen - slant * v;
            ends[e]->x = cx + turn.cosine * u - turn.sine * v;
            ends[e]->y = cy + turn.sine * u + turn.cosine * v;
        }
    }
}

/* A colour that differs from the mean background under the ink by `contrast` in brightness and a random tint. */
static colour digit_colour(const canvas *under, const ink *digit, draws *d)
{
    float total = 1e-6f;
    colour mean = {{0}};
    for (int i = 0; i < PIXELS; i++) {
        total += digit->cover[i];
        for (int k = 0; k < 3; k++) mean.rgb[k] += digit->cover[i] * under->pixel[i].rgb[k];
    }
    float brightness = (mean.rgb[0] + mean.rgb[1] + mean.rgb[2]) / (3 * total);
    float contrast = draws_between(d, 0.34f, 0.65f), lighter = draws_between(d, 0, 1);
    colour tint = draw_colour(d, -0.3f, 0.3f), made;
    /* Both signs where the range allows it; a bright background forces a dark digit and the other way round. */
    float sign = lighter > clamp01(1.6f * brightness - 0.3f) ? 1.0f : -1.0f;
    for (int k = 0; k < 3; k++) made.rgb[k] = mean.rgb[k] / total + sign * contrast + tint.rgb[k];
    return made;
}

static void paint_digit(canvas *to, int digit, draws *d)
{
    segment segments[GLYPH_SEGMENTS];
    int count = glyph_trace(segments, digit, 0.035f, d);
    place_segments(segments, count, d);
    float radius = draws_between(d, 0.9f, 2.0f);
    ink strokes = {{0}};
    for (int i = 0; i < count; i++) ink_segment(&strokes, segments[i], radius);
    colour c = digit_colour(to, &strokes, d);
    paint_ink(to, &strokes, c, draws_between(d, 0.8f, 1));
}

/* The camera: contrast, brightness and grain, then bytes. */
static void develop(uint8_t *image, const canvas *from, draws *d)
{
    float gain = draws_between(d, 0.6f, 1.1f), offset = draws_between(d, -0.12f, 0.12f);
    float noise = draws_between(d, 0.01f, 0.08f);
    for (int i = 0; i < PIXELS; i++)
        for (int k = 0; k < 3; k++) {
            /* The sum of four bytes is nearly normal: mean 510, standard deviation 147.8. */
            uint32_t w = draws_word(d);
            int sum = (int)(w & 255) + (int)(w >> 8 & 255) + (int)(w >> 16 & 255) + (int)(w >> 24);
            float grain = (float)(sum - 510) * (1.0f / 147.8f);
            float value = 0.5f + gain * (from->pixel[i].rgb[k] - 0.5f) + offset + noise * grain;
            image[3 * i + k] = (uint8_t)(clamp01(value) * 255.0f + 0.5f);
        }
}

void digit_image_draw(uint8_t *image, int digit, uint64_t seed, uint32_t sample)
{
    canvas picture;
    draws d = draws_of(seed, sample);
    paint_background(&picture, &d);
    int blobs = draws_below(&d, 4), behind = draws_below(&d, 3), before = draws_below(&d, 3);
    for (int i = 0; i < blobs; i++) paint_blob(&picture, &d);
    for (int i = 0; i < behind; i++) paint_stray_stroke(&picture, 20, 2, 0.8f, &d);
    paint_digit(&picture, digit, &d);
    for (int i = 0; i < before; i++) paint_stray_stroke(&picture, 12, 1, 0.8f, &d);
    develop(image, &picture, &d);
}
