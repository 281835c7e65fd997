#include "core/net/model/dropout.h"

#include "core/base/rng.h"
#include "core/net/graph/graph.h"

/* Blocks of four values that the third counter of a draw numbers, behind 8 bits for the layer: 2^18 values. What an
 * image has beyond counts on in the fourth, so that no two values share a number. */
enum { PIECE = 4 << 16 };

_Static_assert(GRAPH_MAX_LAYERS <= 256, "the number of a layer has 8 bits");

void dropout_apply(const kernel_table *kernels, real *out, const real *in, int images, size_t count, float rate,
                   uint64_t seed, uint32_t step, uint32_t first, int layer, bool accumulate)
{
    dropout_draw draw = {.rate = rate};
    for (int n = 0; n < images; n++) {
        rng_place(draw.counter, draw.key, seed, RNG_DROPOUT, step, first + (uint32_t)n, (uint32_t)layer << 16);
        for (size_t at = 0; at < count; at += PIECE) {
            const size_t place = (size_t)n * count + at, length = count - at < PIECE ? count - at : PIECE;
            draw.counter[3] = (uint32_t)(at / PIECE);
            kernels->dropout(out + place, in + place, &draw, length, accumulate);
        }
    }
}
