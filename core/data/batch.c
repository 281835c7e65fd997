#include "core/data/batch.h"

#include <math.h>
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

/* method.md 5.2: rotation about the image centre (nearest neighbour, zero fill), then shift by whole pixels (zero
 * fill), then horizontal flip. The rotated image exists at whole pixels only, and shift and flip move whole pixels, so
 * reading the rotation at the shifted and flipped position is exactly the same as three passes. */
static mapping mapping_draw(const augment_settings *augment, int height, int width, rng_block draws)
{
    double degrees = (2.0 * (double)rng_uniform(draws.word[0]) - 1.0) * augment->rotate_degrees;
    int down = draw_shift(draws.word[1], augment->shift_fraction, height);
    int across = draw_shift(draws.word[2], augment->shift_fraction, width);
    int flip = augment->flip && (draws.word[3] >> 31) != 0;

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
            if ((uint64_t)from_y >= (uint64_t)height || (uint64_t)from_x >= (uint64_t)width) {
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
        mapping map = mapping_draw(augment, data->height, data->width, draws);
        load_mapped(out, image, data->height, data->width, data->channels, &map, values);
    }
}
