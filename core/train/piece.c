#include "core/train/piece.h"

/* Three quarters of a megabyte: the second-level cache of most processors, less what weights and packed tiles take. */
enum { CACHED_REALS = 3 << 16 };
/* A layer reads its input and writes its sums and its quantised output. */
enum { TENSORS_OF_A_LAYER = 3 };
/* A piece moves at least this many times more activations than gradients of parameters. */
enum { WORTH_IT = 4 };

int piece_images(const graph *g, size_t parameters, int shard_images)
{
    size_t largest = 1, all = 1;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        size_t values = (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
        largest = values > largest ? values : largest;
        all += values;
    }
    size_t fitting = CACHED_REALS / (TENSORS_OF_A_LAYER * largest), fewest = WORTH_IT * parameters / all + 1;
    if (fitting < fewest || fitting >= (size_t)shard_images) return shard_images;
    int pieces = (shard_images + (int)fitting - 1) / (int)fitting;
    return (shard_images + pieces - 1) / pieces; /* of nearly equal size */
}
