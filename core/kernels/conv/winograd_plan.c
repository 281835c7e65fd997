#include "core/kernels/conv/winograd.h"

#include "core/kernels/conv/conv_plan.h"

enum { MAX_LANES = 64 / (int)sizeof(real), FEWEST_CHANNELS = 8, CHANNELS_PER_TILE = 16 };

static int tiles_across(int outputs)
{
    return (outputs + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
}

/* Too few channels fill no vector; too many for the tiles of an image, and transforming the weights costs more than it
 * saves; in small images most of a tile is border. */
bool winograd_fits(const conv_shape *s)
{
    if (s->kernel_h != 3 || s->kernel_w != 3 || s->stride_h != 1 || s->stride_w != 1) return false;
    int channels = s->in_channels > s->out_channels ? s->in_channels : s->out_channels;
    int fewest = s->in_channels < s->out_channels ? s->in_channels : s->out_channels;
    int tiles = tiles_across(s->out_height) * tiles_across(s->out_width);
    return fewest >= FEWEST_CHANNELS && channels <= CHANNELS_PER_TILE * tiles && s->out_height >= WINOGRAD_OUT &&
           s->out_width >= WINOGRAD_OUT && s->pad_h <= 2 && s->pad_w <= 2;
}

int winograd_tiles(size_t in_channels, size_t out_channels)
{
    return in_channels + out_channels <= 4 * MAX_LANES ? 48 : 24;
}

size_t winograd_scratch_reals(const conv_shape *s)
{
    size_t in = round_up((size_t)s->in_channels, MAX_LANES), out = round_up((size_t)s->out_channels, MAX_LANES);
    size_t tiles = (size_t)winograd_tiles((size_t)s->in_channels, (size_t)s->out_channels);
    return WINOGRAD_POSITIONS * (in * out + tiles * (in + out) + 3 * MAX_LANES) + 2 * MAX_LANES;
}
