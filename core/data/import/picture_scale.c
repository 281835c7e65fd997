#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/import/picture.h"

enum { WEIGHT_BITS = 14, WEIGHT_ONE = 1 << WEIGHT_BITS };

/* Output pixel i of an axis is the sum of input pixels first[i] ... first[i]+taps-1 times weights[i*taps ...], which
 * add up to WEIGHT_ONE. */
typedef struct {
    int taps;
    int *first;
    int32_t *weights;
} axis;

static void axis_free(axis *a)
{
    free(a->first);
    free(a->weights);
}

/* How much of a triangle around `centre`, `reach` wide on either side, belongs to pixel `at` of `size`. */
static double share(int at, double centre, double reach, int size)
{
    double distance = fabs(at + 0.5 - centre) / reach;
    return at < size && distance < 1 ? 1 - distance : 0;
}

/* Weights of one output pixel; what rounding leaves over goes to the largest. */
static void weigh(int32_t *weights, int *first, int taps, double centre, double reach, int size)
{
    int from = (int)floor(centre - reach + 0.5);
    if (from > size - taps) from = size - taps;
    if (from < 0) from = 0;
    double total = 0;
    for (int k = 0; k < taps; k++) total += share(from + k, centre, reach, size);
    int32_t left = WEIGHT_ONE;
    int largest = 0;
    for (int k = 0; k < taps; k++) {
        weights[k] = (int32_t)floor(share(from + k, centre, reach, size) / total * WEIGHT_ONE + 0.5);
        left -= weights[k];
        if (weights[k] > weights[largest]) largest = k;
    }
    weights[largest] += left;
    *first = from;
}

/* `count` output pixels from the part [start, start + length) of an axis of `size` pixels. */
static bool axis_make(axis *a, int count, double start, double length, int size)
{
    double factor = length / count, reach = factor > 1 ? factor : 1;
    int taps = (int)ceil(2 * reach) + 1;
    a->taps = taps < size ? taps : size;
    a->first = malloc((size_t)count * sizeof *a->first);
    a->weights = malloc((size_t)count * a->taps * sizeof *a->weights);
    if (a->first == NULL || a->weights == NULL) return false;
    for (int i = 0; i < count; i++)
        weigh(a->weights + (size_t)i * a->taps, &a->first[i], a->taps, start + (i + 0.5) * factor, reach, size);
    return true;
}

static uint8_t rounded(int64_t sum)
{
    return (uint8_t)((sum + WEIGHT_ONE / 2) >> WEIGHT_BITS);
}

/* (rows, in_width, channels) -> (rows, width, channels) */
static void scale_across(uint8_t *out, const uint8_t *in, int rows, int in_width, int width, int channels,
                         const axis *a)
{
    for (int y = 0; y < rows; y++, in += (size_t)in_width * channels)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++) {
                const int32_t *w = a->weights + (size_t)x * a->taps;
                int64_t sum = 0;
                for (int k = 0; k < a->taps; k++) sum += (int64_t)w[k] * in[(a->first[x] + k) * channels + c];
                *out++ = rounded(sum);
            }
}

/* (in_height, row) -> (height, row) */
static void scale_down(uint8_t *out, const uint8_t *in, int height, int row, const axis *a)
{
    for (int y = 0; y < height; y++)
        for (int i = 0; i < row; i++) {
            const int32_t *w = a->weights + (size_t)y * a->taps;
            int64_t sum = 0;
            for (int k = 0; k < a->taps; k++) sum += (int64_t)w[k] * in[(size_t)(a->first[y] + k) * row + i];
            *out++ = rounded(sum);
        }
}

static void convert(uint8_t *out, int wanted, const uint8_t *in, int channels, size_t pixels)
{
    if (wanted == channels) {
        memcpy(out, in, pixels * (size_t)channels);
        return;
    }
    for (size_t i = 0; i < pixels; i++) {
        if (wanted == 3)
            out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = in[i];
        else
            out[i] = (uint8_t)((299 * in[3 * i] + 587 * in[3 * i + 1] + 114 * in[3 * i + 2] + 500) / 1000);
    }
}

status picture_scale(uint8_t *out, int height, int width, int channels, const picture *in, picture_fit fit)
{
    if (in->height == height && in->width == width) {
        convert(out, channels, in->pixels, in->channels, (size_t)height * width);
        return status_ok();
    }
    double part_h = in->height, part_w = in->width;
    if (fit == FIT_CROP && part_w * height > part_h * width)
        part_w = part_h * width / height;
    else if (fit == FIT_CROP)
        part_h = part_w * height / width;
    axis down = {0}, across = {0};
    uint8_t *narrow = malloc((size_t)in->height * width * in->channels);
    uint8_t *small = malloc((size_t)height * width * in->channels);
    bool good = narrow != NULL && small != NULL &&
                axis_make(&across, width, 0.5 * (in->width - part_w), part_w, in->width) &&
                axis_make(&down, height, 0.5 * (in->height - part_h), part_h, in->height);
    if (good) {
        scale_across(narrow, in->pixels, in->height, in->width, width, in->channels, &across);
        scale_down(small, narrow, height, width * in->channels, &down);
        convert(out, channels, small, in->channels, (size_t)height * width);
    }
    axis_free(&across);
    axis_free(&down);
    free(narrow);
    free(small);
    return good ? status_ok() : status_fail(STATUS_MEMORY, "no memory to scale a picture");
}
