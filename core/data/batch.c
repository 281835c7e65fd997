#include "core/data/batch.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/base/rng.h"

void batch_order(int32_t *order, int count, uint64_t seed, int epoch)
{
    for (int i = 0; i < count; i++) order[i] = i;
    /* Fisher-Yates from the end. Element i uses word i % 4 of block i / 4. */
    rng_block block = {{0}};
    int drawn = -1;
    for (int i = count - 1; i > 0; i--) {
        if (i / 4 != drawn) {
            drawn = i / 4;
            block = rng_draw(seed, RNG_SHUFFLE, (uint32_t)epoch, (uint32_t)drawn, 0);
        }
        int j = (int)rng_below(block.word[i % 4], (uint32_t)i + 1);
        int32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

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
static bool draw_flip(const augment_settings *augment, uint32_t word, uint64_t seed, int epoch, int32_t sample)
{
    if (augment->alternating_flip) {
        uint32_t parity = rng_draw(seed, RNG_FLIP, (uint32_t)sample, 0, 0).word[0] >> 31;
        return ((parity + (uint32_t)epoch) & 1) != 0;
    }
    return augment->flip && (word >> 31) != 0;
}

/* method.md 5.2: rotation about the image centre (nearest neighbour, zero fill), then shift by whole pixels (zero
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

/* One image (height, width, channels) through `map`; `values` holds the real value of each of the 256 sample bytes. */
static void load_mapped(real *x, const uint8_t *image, int height, int width, int channels, const mapping *map,
                        const real *values)
{
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
            const uint8_t *pixel = image + ((size_t)from_y * width + from_x) * channels;
            for (int k = 0; k < channels; k++) out[k] = values[pixel[k]];
        }
    }
}

static void load_plain(real *x, const uint8_t *image, size_t count, const real *values)
{
    for (size_t i = 0; i < count; i++) x[i] = values[image[i]];
}

void batch_load(real *x, int32_t *labels, const dataset *data, const int32_t *sample, int n,
                const augment_settings *augment, uint64_t seed, int epoch)
{
    real values[256];
    for (int i = 0; i < 256; i++) values[i] = (real)(data->is_signed && i > 127 ? i - 256 : i) * (real)data->scale;

    size_t size = (size_t)data->height * data->width * data->channels;
    for (int i = 0; i < n; i++) {
        const uint8_t *image = (const uint8_t *)data->samples + (size_t)sample[i] * size;
        real *out = x + (size_t)i * size;
        labels[i] = data->labels[sample[i]];
        if (augment == NULL) {
            load_plain(out, image, size, values);
            continue;
        }
        rng_block draws = rng_draw(seed, RNG_AUGMENT, (uint32_t)epoch, (uint32_t)sample[i], 0);
        bool flip = draw_flip(augment, draws.word[3], seed, epoch, sample[i]);
        mapping map = mapping_draw(augment, data->height, data->width, draws, flip);
        if (augment->crop_pixels > 0)
            crop_draw(&map, augment, rng_draw(seed, RNG_AUGMENT, (uint32_t)epoch, (uint32_t)sample[i], 1));
        load_mapped(out, image, data->height, data->width, data->channels, &map, values);
    }
}
