#include "core/kernels/conv/winograd.h"

#include "core/kernels/conv/conv_plan.h"

enum { MAX_LANES = 64 / (int)sizeof(real), FEWEST_CHANNELS = 8, CHANNELS_PER_TILE = 16, MOST_TILES = 48 };

static int tiles_across(int outputs)
{
    return (outputs + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
}

/* So that transforming the weights pays. */
static int most_channels(const conv_shape *s)
{
    return CHANNELS_PER_TILE * tiles_across(s->out_height) * tiles_across(s->out_width);
}

/* Too few channels fill no vector; too many for the tiles of an image, and transforming the weights costs more than it
 * saves; in small images most of a tile is border. */
bool winograd_fits(const conv_shape *s)
{
    if (s->kernel_h != 3 || s->kernel_w != 3 || s->stride_h != 1 || s->stride_w != 1) return false;
    int channels = s->in_channels > s->out_channels ? s->in_channels : s->out_channels;
    int fewest = s->in_channels < s->out_channels ? s->in_channels : s->out_channels;
    return fewest >= FEWEST_CHANNELS && channels <= most_channels(s) && s->out_height >= WINOGRAD_OUT &&
           s->out_width >= WINOGRAD_OUT && s->pad_h <= 2 && s->pad_w <= 2;
}

int winograd_tiles(size_t in_channels, size_t out_channels)
{
    return in_channels + out_channels <= 4 * MAX_LANES ? MOST_TILES : MOST_TILES / 2;
}

static size_t scratch_reals(size_t in_channels, size_t out_channels, size_t tiles)
{
    size_t in = round_up(in_channels, MAX_LANES), out = round_up(out_channels, MAX_LANES);
    return WINOGRAD_POSITIONS * (in * out + tiles * (in + out) + 3 * MAX_LANES) + 2 * MAX_LANES;
}

size_t winograd_scratch_reals(const conv_shape *s)
{
    const size_t in = (size_t)s->in_channels, out = (size_t)s->out_channels;
    return scratch_reals(in, out, (size_t)winograd_tiles(in, out));
}

size_t winograd_scratch_most(const conv_shape *s)
{
    conv_shape narrow = *s;
    const int most = most_channels(s);
    narrow.in_channels = s->in_channels < most ? s->in_channels : most;
    narrow.out_channels = s->out_channels < most ? s->out_channels : most;
    return winograd_fits(&narrow) ? scratch_reals((size_t)narrow.in_channels, (size_t)narrow.out_channels, MOST_TILES)
                                  : 0;
}
