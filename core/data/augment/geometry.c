#include "core/data/augment/geometry.h"

#include <math.h>
#include <string.h>

/* How one image is read: output pixel (y, x) comes from input pixel (floor(row), floor(column)), where
 *   row    = row0    + y * row_dy    + x * row_dx
 *   column = column0 + y * column_dy + x * column_dx
 * in fixed point with 32 fractional bits (half a pixel is already added, so floor rounds to nearest). Rows outside
 * [top, bottom) and columns outside [left, right) are zero, as is everything that falls outside the input. */
typedef struct {
    int64_t row0, row_dy, row_dx, column0, column_dy, column_dx;
    int top, bottom, left, right;
    bool crops; /* input pixels are those of a window that was moved by these */
    int crop_down, crop_across;
    crop_fill crop_fill;
    bool resizes; /* input pixels are those of a window that was scaled to the image */
    int window_top, window_left, window_height, window_width;
} mapping;

enum { FRACTION_BITS = 32 };

static int64_t to_fixed(double value)
{
    return (int64_t)floor(value * 4294967296.0 + 0.5);
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Pixels to move along an axis of `size`: round(uniform(-fraction*size, fraction*size)). */
static int draw_shift(uint32_t word, double fraction, int size)
{
    return (int)floor((2.0 * (double)rng_uniform(word) - 1.0) * fraction * size + 0.5);
}

/* Is this sample mirrored? alternating_flip: in epochs of one parity, which is drawn once for each sample. */
static bool draw_flip(const augment_place *p, uint32_t word)
{
    if (p->settings->alternating_flip) {
        uint32_t parity = rng_draw(p->seed, RNG_FLIP, p->sample, 0, 0).word[0] >> 31;
        return ((parity + p->epoch) & 1) != 0;
    }
    return p->settings->flip && (word >> 31) != 0;
}

/* Rotation about the image centre (nearest neighbour, zero fill), then shift by whole pixels (zero
 * fill), then horizontal flip. The rotated image exists at whole pixels only, and shift and flip move whole pixels, so
 * reading the rotation at the shifted and flipped position is exactly the same as three passes. */
static mapping mapping_draw(const augment_settings *augment, int height, int width, rng_block draws, bool flip)
{
    double degrees = (2.0 * (double)rng_uniform(draws.word[0]) - 1.0) * augment->rotate_degrees;
    int down = draw_shift(draws.word[1], augment->shift_fraction, height);
    int across = draw_shift(draws.word[2], augment->shift_fraction, width);

    mapping map = {.top = clamp(down, 0, height),
                   .bottom = clamp(height + down, 0, height),
                   .left = clamp(across, 0, width),
                   .right = clamp(width + across, 0, width)};
    if (flip) {
        int left = map.left;
        map.left = width - map.right;
        map.right = width - left;
    }

    /* Before flip and shift, output (y, x) was at (y - down, x' - across) with x' = x or width-1-x; rotating back by
     * the angle about the centre c gives  row = cy + cos*(v) + sin*(u),  column = cx + cos*(u) - sin*(v)  with offsets
     * v = y - down - cy and u = x' - across - cx from the centre. */
    double angle = degrees * (3.14159265358979323846 / 180.0);
    double cosine = cos(angle), sine = sin(angle);
    double cy = 0.5 * (height - 1), cx = 0.5 * (width - 1);
    double v0 = -down - cy, u0 = (flip ? width - 1 : 0) - across - cx;
    int64_t c = to_fixed(cosine), s = to_fixed(sine);
    map.row_dy = c;
    map.row_dx = flip ? -s : s;
    map.column_dy = -s;
    map.column_dx = flip ? -c : c;
    map.row0 = to_fixed(cy + 0.5 + cosine * v0 + sine * u0);
    map.column0 = to_fixed(cx + 0.5 + cosine * u0 - sine * v0);
    return map;
}

static void crop_draw(mapping *map, const augment_settings *augment, rng_block draws)
{
    const int most = augment->crop_pixels;
    map->crops = true;
    map->crop_down = (int)rng_below(draws.word[0], 2 * (uint32_t)most + 1) - most;
    map->crop_across = (int)rng_below(draws.word[1], 2 * (uint32_t)most + 1) - most;
    map->crop_fill = augment->crop_fill;
}

/* Where a window that was moved by `offset` reads pixel `at` of an axis: outside the image -1 or the pixel that is as
 * far inside from the outermost one (of an axis of 1 pixel, that pixel). */
static int crop_source(int at, int offset, int size, crop_fill fill)
{
    int from = at - offset;
    if (from >= 0 && from < size) return from;
    if (fill == CROP_ZERO) return -1;
    const int period = size > 1 ? 2 * (size - 1) : 1;
    from = ((from % period) + period) % period;
    return from < size ? from : period - from;
}

/* The window: its area is a uniform part of the image's, down to resized_crop; width to height is the image's times a
 * factor that is log-uniform in 3/4 ... 4/3; its place is uniform. */
static void resized_crop_draw(mapping *map, const augment_place *p)
{
    const rng_block draw = augment_draw(p, DRAW_RESIZED_CROP, 0);
    const double least = p->settings->resized_crop;
    double side = sqrt(least + (1 - least) * (double)rng_uniform(draw.word[0]));
    double shape = exp(0.5 * log(4.0 / 3.0) * (2.0 * (double)rng_uniform(draw.word[1]) - 1.0));
    map->resizes = true;
    map->window_height = clamp((int)floor(side / shape * p->height + 0.5), 1, p->height);
    map->window_width = clamp((int)floor(side * shape * p->width + 0.5), 1, p->width);
    map->window_top = (int)rng_below(draw.word[2], (uint32_t)(p->height - map->window_height) + 1);
    map->window_left = (int)rng_below(draw.word[3], (uint32_t)(p->width - map->window_width) + 1);
}

/* Of the two pixels of an axis between which output pixel `at` of a scaled window lies: the first and, in 1/65536, how
 * much the second counts. Beyond the outermost pixels of the window, those count alone. */
static int between(int at, int size, int start, int length, int64_t *second)
{
    int64_t place = ((2 * (int64_t)at + 1) * length * 65536 / size - 65536) / 2;
    if (place < 0) place = 0;
    if (place > (int64_t)(length - 1) * 65536) place = (int64_t)(length - 1) * 65536;
    *second = place & 65535;
    return start + (int)(place >> 16);
}

/* Pixel (y, x) of the scaled window. */
static void read_resized(real *out, const uint8_t *image, int y, int x, const mapping *map, const augment_place *p,
                         const real *values)
{
    int64_t down, across;
    int top = between(y, p->height, map->window_top, map->window_height, &down);
    int left = between(x, p->width, map->window_left, map->window_width, &across);
    size_t right = across > 0 ? (size_t)p->channels : 0, below = down > 0 ? (size_t)p->width * p->channels : 0;
    const uint8_t *at = image + ((size_t)top * p->width + left) * p->channels;
    real v = (real)down * (1 / (real)65536), u = (real)across * (1 / (real)65536);
    for (int k = 0; k < p->channels; k++, at++) {
        real above = values[at[0]] + u * (values[at[right]] - values[at[0]]);
        real under = values[at[below]] + u * (values[at[below + right]] - values[at[below]]);
        out[k] = above + v * (under - above);
    }
}

/* One image (height, width, channels) through `map`; `values` holds the real value of each of the 256 sample bytes. */
static void load_mapped(real *x, const uint8_t *image, const mapping *map, const augment_place *p, const real *values)
{
    const int height = p->height, width = p->width, channels = p->channels;
    size_t row_length = (size_t)width * channels;
    for (int y = 0; y < height; y++) {
        real *out = x + (size_t)y * row_length;
        if (y < map->top || y >= map->bottom) {
            memset(out, 0, row_length * sizeof *out);
            continue;
        }
        memset(out, 0, (size_t)map->left * channels * sizeof *out);
        memset(out + (size_t)map->right * channels, 0, (size_t)(width - map->right) * channels * sizeof *out);
        int64_t row = map->row0 + y * map->row_dy + map->left * map->row_dx;
        int64_t column = map->column0 + y * map->column_dy + map->left * map->column_dx;
        out += (size_t)map->left * channels;
        for (int i = map->left; i < map->right; i++, out += channels, row += map->row_dx, column += map->column_dx) {
            int64_t from_y = row >> FRACTION_BITS, from_x = column >> FRACTION_BITS;
            bool inside = (uint64_t)from_y < (uint64_t)height && (uint64_t)from_x < (uint64_t)width;
            if (inside && map->crops) {
                from_y = crop_source((int)from_y, map->crop_down, height, map->crop_fill);
                from_x = crop_source((int)from_x, map->crop_across, width, map->crop_fill);
                inside = from_y >= 0 && from_x >= 0;
            }
            if (!inside) {
                for (int k = 0; k < channels; k++) out[k] = 0;
                continue;
            }
            if (map->resizes) {
                read_resized(out, image, (int)from_y, (int)from_x, map, p, values);
                continue;
            }
            const uint8_t *pixel = image + ((size_t)from_y * width + from_x) * channels;
            for (int k = 0; k < channels; k++) out[k] = values[pixel[k]];
        }
    }
}

void geometry_load(real *x, const uint8_t *image, const real values[256], const augment_place *p)
{
    rng_block draws = augment_draw(p, DRAW_ROTATE_SHIFT_FLIP, 0);
    mapping map = mapping_draw(p->settings, p->height, p->width, draws, draw_flip(p, draws.word[3]));
    if (p->settings->crop_pixels > 0) crop_draw(&map, p->settings, augment_draw(p, DRAW_CROP, 0));
    if (p->settings->resized_crop > 0) resized_crop_draw(&map, p);
    load_mapped(x, image, &map, p, values);
}
