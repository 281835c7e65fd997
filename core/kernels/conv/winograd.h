/* winograd: F(4x4, 3x3), the minimal filtering of Winograd (Lavin and Gray, arXiv 1509.09308) for 3x3 convolutions of
 * stride 1. A tile of 4x4 outputs is the transform of 36 products instead of 144:
 *
 *   forward             Y  = At [ (G g Gt) * (Bt d B) ] A        summed over input channels between the brackets
 *   gradient of weights dg = Gt [ (A dY At) * (Bt d B) ] G       summed over tiles
 *
 * with d a 6x6 tile of inputs and * element by element: one matrix product for each of the 36 positions. The gradient
 * of the input is a forward pass over dout with the weights turned around.
 *
 * Error: about three times the rounding of the direct sum (root mean square over outputs, 16 channels: 4.3e-7 of their
 * deviation in single precision, 1.6e-7 direct); tests/unit/test_conv.c holds the largest below WINOGRAD_ERROR_FACTOR
 * times its bound for the direct convolution.
 * Whether a shape is computed this way depends on its geometry only, never on the batch, and every output is one chain
 * of operations that does not depend on its neighbours: an image alone gives the bits it gives in a batch. */
#ifndef CORE_KERNELS_CONV_WINOGRAD_H
#define CORE_KERNELS_CONV_WINOGRAD_H

#include "core/kernels/kernels.h"

enum { WINOGRAD_ERROR_FACTOR = 2 };

bool winograd_fits(const conv_shape *s);
size_t winograd_scratch_reals(const conv_shape *s);

/* At least what any shape needs that winograd_fits and differs from `s` in having fewer channels; 0: none fits. */
size_t winograd_scratch_most(const conv_shape *s);

/* Shared by the instruction sets: outputs and inputs of a tile side, positions, and tiles transformed together for
 * (padded) channel counts so that they stay in the cache: a multiple of every register tile. */
enum { WINOGRAD_OUT = 4, WINOGRAD_IN = 6, WINOGRAD_POSITIONS = WINOGRAD_IN * WINOGRAD_IN };
int winograd_tiles(size_t in_channels, size_t out_channels);

#endif
