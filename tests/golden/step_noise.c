#include "tests/golden/step_noise.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/golden/golden.h"

/* Of the largest sum of a layer, what another order of summation makes, typically: a unit in the last place (at most,
 * over three instruction sets and the published implementation: 1.0e-6). */
static const double SHIFT = GOLDEN_ULP;

static double distance(const real *a, const real *b, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static real *copy_of(const real *from, size_t count)
{
    real *out = malloc(count * sizeof *out);
    memcpy(out, from, count * sizeof *out);
    return out;
}

static real largest_sum(const model *m, int index, int images)
{
    const layer_spec *l = &m->graph->layers[index];
    const size_t count = (size_t)images * (size_t)l->out_height * (size_t)l->out_width * (size_t)l->out_channels;
    real most = 0;
    for (size_t i = 0; i < count; i++)
        most = real_abs(m->nodes[index].raw[i]) > most ? real_abs(m->nodes[index].raw[i]) : most;
    return most;
}

void step_noise_open(step_noise *n, const model *m, int images, const real *gradients, double loss)
{
    const int layers = m->graph->layer_count;
    *n = (step_noise){.largest = malloc((size_t)layers * sizeof *n->largest),
                      .logit_count = (size_t)images * (size_t)m->graph->classes,
                      .gradients = copy_of(gradients, m->layout.total),
                      .loss = loss,
                      .gradient_noise = calloc((size_t)m->layout.tensor_count, sizeof *n->gradient_noise)};
    n->logits = copy_of(model_logits(m), n->logit_count);
    for (int i = 0; i < layers; i++)
        n->largest[i] = layer_has_weights(&m->graph->layers[i]) ? largest_sum(m, i, images) : 0;
}

void step_noise_close(step_noise *n)
{
    free(n->gradient_noise);
    free(n->gradients);
    free(n->logits);
    free(n->largest);
}

void step_noise_shift(const step_noise *n, model *m, int pattern)
{
    for (int i = 0; i < m->graph->layer_count; i++) {
        const layer_spec *l = &m->graph->layers[i];
        if (!layer_has_weights(l)) continue;
        for (int c = 0; c < l->out_channels; c++) {
            const rng_block draw = rng_draw(29, RNG_SYNTHETIC, (uint32_t)pattern, (uint32_t)i, (uint32_t)c);
            m->nodes[i].effective_bias[c] +=
                (real)((2 * (double)rng_uniform(draw.word[0]) - 1) * SHIFT) * n->largest[i];
        }
    }
}

void step_noise_measure(step_noise *n, const model *m, const real *gradients, double loss)
{
    n->logit_noise = fmax(n->logit_noise, distance(model_logits(m), n->logits, n->logit_count));
    n->loss_noise = fmax(n->loss_noise, fabs(loss - n->loss));
    for (int i = 0; i < m->layout.tensor_count; i++) {
        const model_tensor *t = &m->layout.tensors[i];
        const double moved = distance(gradients + t->offset, n->gradients + t->offset, t->count);
        n->gradient_noise[i] = fmax(n->gradient_noise[i], moved);
    }
}
