#include "core/train/whiten.h"

#include <math.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/kernels/eigen.h"

enum { IMAGES = 2000, PATCHES = 16 /* of an image */ };

int whiten_layer(const graph *g)
{
    int found = -1;
    for (int i = 0; i < g->layer_count; i++) {
        const layer_spec *l = &g->layers[i];
        if (!layer_has_weights(l) || l->inputs[0] != 0) continue;
        if (l->kind != LAYER_CONV || !l->batchnorm || found >= 0) return -1;
        found = i;
    }
    return found;
}

/* ---- covariance ---- */

/* Patch number k of image i; its corners lie evenly in the image, elsewhere in each image. */
static void read_patch(double *patch, const real *image, const layer_spec *layer, const layer_spec *size, int i, int k)
{
    const int high = size->out_height - layer->kernel_h + 1, wide = size->out_width - layer->kernel_w + 1;
    const int64_t places = (int64_t)high * wide;
    const int64_t place = (i * (int64_t)7919 + k * places / PATCHES) % places;
    const int top = (int)(place / wide), left = (int)(place % wide);
    for (int y = 0; y < layer->kernel_h; y++)
        for (int x = 0; x < layer->kernel_w; x++)
            for (int c = 0; c < size->out_channels; c++)
                *patch++ = (double)image[((top + y) * size->out_width + left + x) * size->out_channels + c];
}

static void add_patch(double *covariance, double *mean, const double *patch, int n)
{
    for (int a = 0; a < n; a++) {
        mean[a] += patch[a];
        for (int b = a; b < n; b++) covariance[a * n + b] += patch[a] * patch[b];
    }
}

/* From sums over `count` patches. */
static void finish(double *covariance, const double *mean, int n, double count)
{
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++) {
            covariance[a * n + b] = covariance[a * n + b] / count - mean[a] / count * (mean[b] / count);
            covariance[b * n + a] = covariance[a * n + b];
        }
}

status whiten_covariance(double *covariance, const layer_spec *layer, const layer_spec *image, const dataset *data)
{
    const int n = layer->kernel_h * layer->kernel_w * image->out_channels, train = data->split_count[SPLIT_TRAIN];
    const int images = train < IMAGES ? train : IMAGES;
    double *sums = calloc(2 * (size_t)n, sizeof *sums);
    real *values = malloc((size_t)(image->out_height * image->out_width * image->out_channels) * sizeof *values);
    if (sums == NULL || values == NULL || image->out_height < layer->kernel_h || image->out_width < layer->kernel_w) {
        const bool small = sums != NULL && values != NULL;
        free(values);
        free(sums);
        return small ? status_fail(STATUS_CONFIG, "the image is smaller than the kernel of %s", layer->name)
                     : status_fail(STATUS_MEMORY, "no memory for the patches of %s", layer->name);
    }
    for (int k = 0; k < n * n; k++) covariance[k] = 0;
    for (int i = 0; i < images; i++) {
        int32_t label;
        const int32_t sample = data->split_index[SPLIT_TRAIN][(int64_t)i * train / images];
        batch_load(values, &label, data, &sample, 1, NULL, 0, 0);
        for (int k = 0; k < PATCHES; k++) {
            read_patch(sums + n, values, layer, image, i, k);
            add_patch(covariance, sums, sums + n, n);
        }
    }
    finish(covariance, sums, n, (double)images * PATCHES);
    free(values);
    free(sums);
    return status_ok();
}

/* ---- filters ---- */

/* weight (n, filters); row i of `vectors` belongs to the i-th smallest eigenvalue. */
static void set_filters(real *weight, const double *vectors, int n, int filters)
{
    for (int c = 0; c < filters && c / 2 < n; c++) {
        const double *vector = vectors + (size_t)(n - 1 - c / 2) * (size_t)n;
        double square = 0;
        for (int k = 0; k < n; k++) square += (double)weight[k * filters + c] * (double)weight[k * filters + c];
        const double length = c % 2 == 0 ? sqrt(square) : -sqrt(square);
        for (int k = 0; k < n; k++) weight[k * filters + c] = (real)(length * vector[k]);
    }
}

static status compute(const model *m, real *weight, int layer, const dataset *data)
{
    const layer_spec *l = &m->graph->layers[layer];
    const int n = (int)m->nodes[layer].rows;
    double *values = malloc((size_t)n * (size_t)(n + 1) * sizeof *values);
    if (values == NULL) return status_fail(STATUS_MEMORY, "no memory for the patches of %s", l->name);
    status s = whiten_covariance(values + n, l, &m->graph->layers[0], data);
    if (!failed(s)) s = eigen_symmetric(values, values + n, n);
    if (!failed(s)) set_filters(weight, values + n, n, l->out_channels);
    free(values);
    return s;
}

status whiten_first_layer(const model *m, real *values, const dataset *data, const ranks_view *g, real *room)
{
    const int layer = whiten_layer(m->graph);
    const model_tensor *tensor = &m->layout.tensors[m->nodes[layer].weight];
    real *weight = values + tensor->offset;
    if (g->sum == NULL) return compute(m, weight, layer, data);
    const status s = g->rank == 0 ? compute(m, weight, layer, data) : status_ok();
    for (size_t k = 0; k < tensor->count; k++) room[k] = g->rank == 0 ? weight[k] : 0;
    TRY(g->sum(g->ctx, room, tensor->count, s));
    for (size_t k = 0; k < tensor->count; k++) weight[k] = room[k];
    return status_ok();
}
