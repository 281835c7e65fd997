#include "core/net/model/model_stretch.h"

/* Of the largest tensor. A layer reads its input and writes its sums and its output. */
enum { PIECE_REALS = 1 << 17 };

/* So many images, and multiples, are whole blocks of the sums over `values` an image. */
static int whole_blocks(size_t values)
{
    size_t images = PACT_BLOCK;
    for (; images > 1 && values % 2 == 0; values /= 2) images /= 2;
    return (int)images;
}

int model_stretch_piece(const model *m, int first, int last, int images)
{
    if (m->nodes[0].dout == NULL) return images; /* memory for evaluation: later layers write over earlier ones */
    size_t largest = 1;
    int step = 1;
    for (int i = first; i <= last; i++) {
        const size_t values = model_image_values(&m->graph->layers[i]);
        largest = values > largest ? values : largest;
        const bool sums = m->nodes[i].quantizer >= 0 && !model_normalises(m, i);
        if (sums && whole_blocks(values) > step) step = whole_blocks(values);
    }
    if ((size_t)images * largest <= PIECE_REALS) return images;
    int piece = PIECE_REALS / largest > 0 ? (int)(PIECE_REALS / largest) : 1;
    const int pieces = (images + piece - 1) / piece; /* of nearly equal size */
    piece = (images + pieces - 1) / pieces;
    piece += (step - piece % step) % step;
    return piece < images ? piece : images;
}
