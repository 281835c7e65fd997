/* model_stretch: what is computed at a time. Batch-norm is where the images of a shard meet: its mean and variance, and
 * backward its two sums, need all of them. Between two of these, on a stretch of layers, images go through piece by
 * piece, so that what one layer writes is still in the second-level cache where the next one reads it. Sums are taken
 * in the same order whatever the pieces, so nothing depends on them but speed. */
#ifndef CORE_NET_MODEL_MODEL_STRETCH_H
#define CORE_NET_MODEL_MODEL_STRETCH_H

#include "core/net/model/batchnorm.h"
#include "core/net/model/model_memory.h"

/* Some images of the shard in hand. */
typedef struct {
    int first, end, all;
} image_range;

/* Images of a piece in layers first ... last, 1 ... images. */
int model_stretch_piece(const model *m, int first, int last, int images);

/* The next piece of `piece` images; after {0, 0, all} the first. False behind the last. */
static inline bool model_next_piece(image_range *r, int piece)
{
    r->first = r->end;
    r->end = r->all - r->first < piece ? r->all : r->first + piece;
    return r->first < r->all;
}

/* These images of a tensor of layer `index`. */
static inline real *model_images(const model *m, real *tensor, int index, image_range r)
{
    return tensor + (size_t)r.first * model_image_values(&m->graph->layers[index]);
}

/* The same images as rows of layer `index`. */
static inline row_range model_rows(const model *m, int index, image_range r)
{
    const layer_spec *l = &m->graph->layers[index];
    const size_t rows = (size_t)l->out_height * (size_t)l->out_width;
    return (row_range){(size_t)r.first * rows, (size_t)r.end * rows, (size_t)r.all * rows};
}

/* The batch-norm of a layer that model_normalises. */
static inline batchnorm model_batchnorm(const model *m, const real *values, int index)
{
    return (batchnorm){m->nodes[index].shard_mean, m->nodes[index].shard_variance, model_gamma(m, values, index),
                       model_beta(m, values, index), BATCHNORM_EPSILON};
}

/* Of the rows so far those that can be summed, in whole blocks but the last, behind those summed before. */
static inline row_range model_rows_to_sum(const model *m, int index, image_range r)
{
    row_range rows = model_rows(m, index, r);
    rows.first -= rows.first % BATCHNORM_BLOCK;
    if (rows.end < rows.all) rows.end -= rows.end % BATCHNORM_BLOCK;
    return rows;
}

#endif
