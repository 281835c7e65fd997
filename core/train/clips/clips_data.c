/* clips_data: of each tensor quantizer.clip_percentile of its magnitudes if it is quantised signed, else of its
 * positive part; then trained. */
#include <stdlib.h>
#include <string.h>

#include "core/train/clips/clip_outputs.h"

/* Magnitudes are counted by the upper 16 bits of their float: 128 bins for each power of two. */
enum { BINS = 1 << 15, NOT_FINITE = 0x7F80 };

static int bin_of(float magnitude)
{
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    return (int)(bits >> 16);
}

static float upper_edge(int bin)
{
    uint32_t bits = (uint32_t)(bin + 1) << 16;
    float edge;
    memcpy(&edge, &bits, sizeof edge);
    return edge;
}

typedef struct {
    const model *quantized;
    uint32_t *bins; /* (layers, BINS) */
} histograms;

static void count_magnitudes(void *ctx, int layer, const real *values, size_t count)
{
    const histograms *h = ctx;
    uint32_t *bins = h->bins + (size_t)layer * BINS;
    const bool is_signed = h->quantized->nodes[layer].is_signed;
    for (size_t i = 0; i < count; i++) {
        float value = (float)values[i];
        if (value < 0) value = is_signed ? -value : 0;
        bins[bin_of(value) & (BINS - 1)]++;
    }
}

/* The upper edge of the first bin with which `percentile` of all magnitudes are counted. */
static status find_clip(real *clip, const uint32_t *bins, double percentile, const char *layer)
{
    double all = 0, below;
    for (int i = 0; i < BINS; i++) all += bins[i];
    for (int i = NOT_FINITE; i < BINS; i++)
        if (bins[i] > 0)
            return status_fail(STATUS_NUMERIC, "the float network puts out numbers that are not finite at %s", layer);
    int bin = 0;
    for (below = bins[0]; below < percentile / 100 * all; below += bins[bin]) bin++;
    *clip = (real)upper_edge(bin);
    return status_ok();
}

static status start(real *values, const clip_sources *from)
{
    const graph *g = from->quantized->graph;
    const double percentile = from->quantized->options.quantizer.clip_percentile;
    histograms h = {.quantized = from->quantized, .bins = calloc((size_t)g->layer_count * BINS, sizeof *h.bins)};
    if (h.bins == NULL) return status_fail(STATUS_MEMORY, "no memory for calibrating clips");
    clip_outputs_clear(from->quantized, values);
    clip_outputs_visit(from, count_magnitudes, &h);
    status s = status_ok();
    for (int i = 0; i < g->layer_count && !failed(s); i++) {
        real clip = 0;
        if (!clip_outputs_counts(from->quantized, i)) continue;
        s = find_clip(&clip, h.bins + (size_t)i * BINS, percentile, g->layers[i].name);
        if (!failed(s)) clip_outputs_raise(from->quantized, values, i, clip);
    }
    free(h.bins);
    return s;
}

extern const clip_rule clip_rule_data;
const clip_rule clip_rule_data = {.trained = true, .reads_images = true, .start = start};
