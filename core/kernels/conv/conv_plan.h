/* conv_plan: the index arithmetic of the direct convolutions, the same for every instruction set.
 *
 * A plane is a forward convolution of a part of the output: output (y, x) of the plane sums, over its taps (i, j), the
 * input at (origin_h + y*step_h + i, origin_w + x*step_w + j), zero outside the image, and is stored at
 * (first_h + y*every_h, first_w + x*every_w). A forward pass is one plane. The gradient of the input is one plane per
 * residue of the input coordinate modulo the stride: each is a convolution of dout with step 1 with those taps that
 * reach it, so that no product with an inserted zero is computed.
 *
 * A window is the piece of the (zero-bordered) input that the planes of a pass read, packed in scratch as
 * (row, phase, channel, column / step_w): neighbouring outputs find their inputs in neighbouring elements. */
#ifndef CORE_KERNELS_CONV_CONV_PLAN_H
#define CORE_KERNELS_CONV_CONV_PLAN_H

#include "core/kernels/kernels.h"

typedef struct {
    int rows, cols;                                         /* outputs; 0 when the plane is empty */
    int taps_h, taps_w;                                     /* 0 when no tap reaches the plane: its outputs are 0 */
    int tap_first_h, tap_first_w, tap_every_h, tap_every_w; /* tap (i, j) is kernel tap (first + i*every, ...) */
    int origin_h, origin_w, step_h, step_w;
    int first_h, first_w, every_h, every_w;
} conv_plane;

conv_plane conv_plane_forward(const conv_shape *s);
/* Input coordinates y with (y + pad_h) % stride_h == residue_h and the same for the width. */
conv_plane conv_plane_backward(const conv_shape *s, int residue_h, int residue_w);

typedef struct {
    int low_h, low_w; /* image coordinates of the window's first row and column */
    int rows;
    int step_h, taps_h; /* rows r with r % step_h >= taps_h are never read */
    int phases, step_w; /* column u of the window is element u / step_w of phase u % step_w */
    int length;         /* elements of a (row, phase, channel) */
    size_t row_reals;   /* phases * channels * length */
} conv_window;

conv_window conv_window_forward(const conv_shape *s);  /* of `in` */
conv_window conv_window_backward(const conv_shape *s); /* of `dout`, serving all planes */

/* A 1x1 convolution with stride 1 and no padding knows no image: its pixels in rows of this many. */
enum { FLAT_PIXELS = 48 };
bool conv_is_flat(const conv_shape *s);
/* The first part (whole rows, possibly none: batch 0) and the second (at most one shorter row) of a flat convolution.
 */
void conv_flatten(conv_shape parts[2], const conv_shape *s);

/* backward_weight works through blocks of about this many output pixels: what a block reads stays in the caches, and
 * the running sums of a block stay short. */
enum { BLOCK_PIXELS = 192 };
/* Images of a block (at least 1), and output rows of an image in a block. */
int conv_block_images(const conv_shape *s);
int conv_block_rows(const conv_shape *s);

static inline size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

#endif
