/* border: images with zeros around them, so that no loop over taps asks where the image ends. */
#ifndef CORE_KERNELS_CONV_BORDER_H
#define CORE_KERNELS_CONV_BORDER_H

#include <stddef.h>
#include <string.h>

#include "core/base/real.h"

/* Copies the (rows, columns) window whose first pixel has the image coordinates (low_h, low_w) out of an image (height,
 * width, channels); pixels outside the image are zero. */
static inline void border_image(real *out, int low_h, int low_w, int rows, int columns, const real *in, int height,
                                int width, int channels)
{
    size_t pixel = (size_t)channels, row_reals = (size_t)columns * pixel;
    int before = low_w < 0 ? (-low_w < columns ? -low_w : columns) : 0;
    int first = low_w + before; /* image column of the first pixel copied */
    int inside = columns - before < width - first ? columns - before : width - first;
    if (inside < 0) inside = 0;
    size_t after = (size_t)(columns - before - inside) * pixel;
    for (int r = 0; r < rows; ++r, out += row_reals) {
        int y = low_h + r;
        if (y < 0 || y >= height) {
            memset(out, 0, row_reals * sizeof(real));
            continue;
        }
        memset(out, 0, (size_t)before * pixel * sizeof(real));
        if (inside > 0)
            memcpy(out + (size_t)before * pixel, in + ((size_t)y * (size_t)width + (size_t)first) * pixel,
                   (size_t)inside * pixel * sizeof(real));
        memset(out + row_reals - after, 0, after * sizeof(real));
    }
}

/* The window itself if it lies inside the image, else a bordered copy in scratch. *row_reals: distance of its rows. */
static inline const real *bordered_window(size_t *row_reals, real *scratch, int low_h, int low_w, int rows, int columns,
                                          const real *in, int height, int width, int channels)
{
    if (low_h >= 0 && low_w >= 0 && low_h + rows <= height && low_w + columns <= width) {
        *row_reals = (size_t)width * (size_t)channels;
        return in + ((size_t)low_h * (size_t)width + (size_t)low_w) * (size_t)channels;
    }
    *row_reals = (size_t)columns * (size_t)channels;
    border_image(scratch, low_h, low_w, rows, columns, in, height, width, channels);
    return scratch;
}

#endif
