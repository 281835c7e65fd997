/* clips_spread: the activation clips of the programs of Zur et al. 2019 (arXiv 1904.09872): with mean and standard
 * deviation of what the float network puts out for training images, behind its ReLU where it has one,
 *
 *   clip = mean + 3 deviation
 *
 * of each tensor (of one that is quantised signed: |mean|), fixed once: no gradient. */
#include <math.h>
#include <stdlib.h>

#include "core/train/clips/clip_outputs.h"

static const double DEVIATIONS = 3;

typedef struct {
    double count, sum, squares;
} moments;

static void add_moments(void *ctx, int layer, const real *values, size_t count)
{
    moments *m = (moments *)ctx + layer;
    m->count += (double)count;
    for (size_t i = 0; i < count; i++) {
        m->sum += (double)values[i];
        m->squares += (double)values[i] * (double)values[i];
    }
}

static status start(real *values, const clip_sources *from)
{
    const graph *g = from->quantized->graph;
    moments *of = calloc((size_t)g->layer_count, sizeof *of);
    if (of == NULL) return status_fail(STATUS_MEMORY, "no memory for calibrating clips");
    clip_outputs_clear(from->quantized, values);
    clip_outputs_visit(from, add_moments, of);
    status s = status_ok();
    for (int i = 0; i < g->layer_count && !failed(s); i++) {
        if (!clip_outputs_counts(from->quantized, i)) continue;
        const double mean = of[i].sum / of[i].count, variance = of[i].squares / of[i].count - mean * mean;
        const double centre = from->quantized->nodes[i].is_signed ? fabs(mean) : mean;
        if (isfinite(variance))
            clip_outputs_raise(from->quantized, values, i, (real)(centre + DEVIATIONS * sqrt(fmax(variance, 0))));
        else
            s = status_fail(STATUS_NUMERIC, "the float network puts out numbers that are not finite at %s",
                            g->layers[i].name);
    }
    free(of);
    return s;
}

extern const clip_rule clip_rule_spread;
const clip_rule clip_rule_spread = {.reads_images = true, .start = start};
