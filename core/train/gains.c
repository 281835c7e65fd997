#include "core/train/gains.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/data/batch.h"
#include "core/train/trainer_batch.h"

/* A measurement under way. */
typedef struct {
    trainer *t;
    const ranks_view *ranks;
    const gains_rules *rules;
    int batches, channels;
    double smallest_gap;
    size_t reals;   /* of one level: block of the layout, channels, quantisers, one slot for the ranks' sum */
    real *levels;   /* (depth, reals) partial sums of the tree over this rank's shards */
    real *gradient; /* block of the layout */
    real *slopes;   /* (capacity, channels) of the piece in hand */
    int *first;     /* (groups) place of each group's channels */
    real *sum;      /* the level that is being filled */
    int images;     /* of the piece in hand */
} measure;

/* ---- one image ---- */

int gains_decision(const real *row, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

/* Is k among the runners-up? Equal logits: the first classes. */
static bool is_runner_up(const real *row, int k, int best, int classes, int runners_up)
{
    int before = 0;
    for (int i = 0; i < classes; i++) before += i != best && (row[i] > row[k] || (row[i] == row[k] && i < k));
    return k != best && before < runners_up;
}

void gains_seed(real *dlogits, const real *logits, const real *sign, int classes, int runners_up, double smallest_gap)
{
    const int best = gains_decision(logits, classes);
    double back = 0;
    for (int k = 0; k < classes; k++) {
        dlogits[k] = 0;
        if (!is_runner_up(logits, k, best, classes, runners_up)) continue;
        const double gap = (double)logits[best] - (double)logits[k];
        const double slope = (double)sign[k] / (gap > smallest_gap ? gap : smallest_gap);
        dlogits[k] = (real)slope;
        back += slope;
    }
    dlogits[best] = (real)-back;
}

/* ---- one piece ---- */

/* Makes A dd/dA of every channel and dd/dA of every quantiser from the outputs of a layer. */
static void watch(void *ctx, int layer)
{
    measure *m = ctx;
    const model *net = &m->t->network;
    const layer_spec *l = &net->graph->layers[layer];
    const model_node *node = &net->nodes[layer];
    const size_t rows = (size_t)l->out_height * (size_t)l->out_width, channels = (size_t)l->out_channels;
    if (node->quantizer >= 0) {
        double squares = 0;
        for (size_t i = 0; i < (size_t)m->images * rows * channels; i++)
            squares += (double)node->dout[i] * (double)node->dout[i];
        m->sum[net->layout.total + (size_t)m->channels + (size_t)node->quantizer] += (real)squares;
    }
    if (l->kind != LAYER_CONV && l->kind != LAYER_LINEAR) return;
    for (int n = 0; n < m->images; n++) {
        real *slopes = m->slopes + (size_t)n * (size_t)m->channels + (size_t)m->first[l->group];
        for (size_t r = 0; r < rows; r++) {
            const size_t at = ((size_t)n * rows + r) * channels;
            for (size_t c = 0; c < channels; c++) slopes[c] += node->out[at + c] * node->dout[at + c];
        }
    }
}

static void backward(measure *m, real weight)
{
    model *net = &m->t->network;
    const model_listener listener = {.reached = watch, .ctx = m};
    memset(m->slopes, 0, (size_t)m->images * (size_t)m->channels * sizeof *m->slopes);
    real *quantizers = m->sum + net->layout.total + m->channels;
    real before[GRAPH_MAX_LAYERS + 1];
    const int count = net->graph->group_count + 1;
    memcpy(before, quantizers, (size_t)count * sizeof *before);
    memset(quantizers, 0, (size_t)count * sizeof *quantizers);
    model_backward(net, m->t->values, m->gradient, m->images, m->images, (model_pass){.training = false}, &listener);
    for (int q = 0; q < count; q++) quantizers[q] = before[q] + weight * quantizers[q];
    for (size_t k = 0; k < net->layout.decayed; k++) m->sum[k] += weight * m->gradient[k] * m->gradient[k];
    for (int n = 0; n < m->images; n++)
        for (int c = 0; c < m->channels; c++) {
            const real slope = m->slopes[(size_t)n * (size_t)m->channels + (size_t)c];
            m->sum[net->layout.total + (size_t)c] += weight * slope * slope;
        }
}

static void load(measure *m, const int32_t *samples, int count)
{
    trainer *t = m->t;
    m->images = count;
    batch_load(model_input(&t->network), t->labels, t->in.data, samples, count, NULL, 0, 0);
    model_forward(&t->network, t->values, count, (model_pass){.training = false});
}

static void draw_signs(real *sign, const measure *m, int batch, int position, int repeat)
{
    for (int k = 0; k < m->t->in.graph->classes; k++) {
        const uint32_t block = (uint32_t)repeat << 16 | (uint32_t)k / 4;
        const rng_block drawn = rng_draw(m->t->in.task->seed, RNG_SIGNS, (uint32_t)batch, (uint32_t)position, block);
        sign[k] = (drawn.word[k % 4] & 1) != 0 ? 1 : -1;
    }
}

/* Images [first, first + count) of the batch. */
static void measure_by_signs(measure *m, int batch, int first, int count)
{
    model *net = &m->t->network;
    const int classes = net->graph->classes;
    real sign[DATASET_MAX_CLASSES];
    load(m, m->t->samples + first, count);
    for (int r = 0; r < m->rules->repeats; r++) {
        for (int n = 0; n < count; n++) {
            const size_t at = (size_t)n * (size_t)classes;
            draw_signs(sign, m, batch, first + n, r);
            gains_seed(model_output_gradient(net) + at, model_logits(net) + at, sign, classes, m->rules->runners_up,
                       m->smallest_gap);
        }
        backward(m, 1 / (real)m->rules->repeats);
    }
}

static void measure_exactly(measure *m, int first, int count)
{
    model *net = &m->t->network;
    const int classes = net->graph->classes;
    for (int n = 0; n < count; n++) {
        load(m, m->t->samples + first + n, 1);
        const real *logits = model_logits(net);
        const int best = gains_decision(logits, classes);
        for (int k = 0; k < classes; k++) {
            if (!is_runner_up(logits, k, best, classes, m->rules->runners_up)) continue;
            real sign[DATASET_MAX_CLASSES] = {0};
            sign[k] = 1;
            gains_seed(model_output_gradient(net), logits, sign, classes, m->rules->runners_up, m->smallest_gap);
            backward(m, 1);
        }
    }
}

/* ---- all images of a rank, shard by shard ---- */

typedef void visit(measure *m, int batch, int first, int count, int64_t before);

static void measure_piece(measure *m, int batch, int first, int count, int64_t before)
{
    (void)before;
    if (m->rules->exact)
        measure_exactly(m, first, count);
    else
        measure_by_signs(m, batch, first, count);
}

/* The gap between the two largest logits of every image into its place of m->sum. */
static void read_gaps(measure *m, int batch, int first, int count, int64_t before)
{
    (void)batch;
    const int classes = m->t->in.graph->classes;
    load(m, m->t->samples + first, count);
    for (int n = 0; n < count; n++) {
        const real *row = model_logits(&m->t->network) + (size_t)n * (size_t)classes;
        const int best = gains_decision(row, classes);
        real second = -REAL_MAX;
        for (int k = 0; k < classes; k++)
            if (k != best && row[k] > second) second = row[k];
        m->sum[before + first + n] = row[best] - second;
    }
}

/* Visits the pieces of one shard in all batches, in order. */
static void visit_shard(measure *m, int64_t shard, visit *to)
{
    trainer *t = m->t;
    const int shards = t->in.settings->shards, capacity = t->network.options.capacity;
    int64_t before = 0;
    for (int b = 0; b < m->batches; b++) {
        double unused;
        const int images = trainer_choose_samples(t, b, &unused);
        const int end = (int)(images * (shard + 1) / shards);
        for (int first = (int)(images * shard / shards), next; first < end; first = next) {
            next = end - first < capacity ? end : first + capacity;
            to(m, b, first, next - first, before);
        }
        before += images;
        ranks_show_life(m->ranks);
    }
}

static status sum_gains(measure *m)
{
    const trainer *t = m->t;
    const int own = t->in.settings->shards / m->ranks->size;
    for (int s = 0; s < own; s++) {
        int level = 0;
        for (int bits = s; bits != 0; bits &= bits - 1) level++;
        m->sum = m->levels + (size_t)level * m->reals;
        memset(m->sum, 0, m->reals * sizeof *m->sum);
        visit_shard(m, (int64_t)m->ranks->rank * own + s, measure_piece);
        for (int bit = s; (bit & 1) != 0; bit >>= 1, level--) {
            real *to = m->levels + (size_t)(level - 1) * m->reals;
            const real *from = to + m->reals;
            for (size_t k = 0; k + 1 < m->reals; k++) to[k] += from[k];
        }
    }
    return m->ranks->sum != NULL ? m->ranks->sum(m->ranks->ctx, m->levels, m->reals - 1, status_ok()) : status_ok();
}

static int by_size(const void *a, const void *b)
{
    const real x = *(const real *)a, y = *(const real *)b;
    return (x > y) - (x < y);
}

static int64_t image_count(const measure *m)
{
    const int64_t images = (int64_t)m->batches * m->t->in.settings->batch;
    const int64_t all = m->t->in.data->split_count[SPLIT_TRAIN];
    return images < all ? images : all;
}

static status find_smallest_gap(measure *m)
{
    const int64_t images = image_count(m);
    const int own = m->t->in.settings->shards / m->ranks->size;
    real *gaps = calloc((size_t)images + 1, sizeof *gaps);
    if (gaps == NULL) return status_fail(STATUS_MEMORY, "no memory for the gaps of %lld images", (long long)images);
    m->sum = gaps;
    for (int s = 0; s < own; s++) visit_shard(m, (int64_t)m->ranks->rank * own + s, read_gaps);
    status s = status_ok();
    if (m->ranks->sum != NULL) s = m->ranks->sum(m->ranks->ctx, gaps, (size_t)images, s); /* each by one rank: exact */
    qsort(gaps, (size_t)images, sizeof *gaps, by_size);
    m->smallest_gap = fmax((double)gaps[(int64_t)(m->rules->percentile / 100 * (double)(images - 1))], 1e-6);
    free(gaps);
    return s;
}

/* ---- all ---- */

/* By the effective weights, which folded batch-norm makes larger by its gain, becomes by the weights. */
static void unfold(const model *net, real *weights)
{
    for (int i = 0; i < net->graph->layer_count; i++) {
        const model_node *node = &net->nodes[i];
        if (node->weight < 0 || node->gamma < 0) continue;
        const size_t channels = (size_t)net->graph->layers[i].out_channels;
        real *gain = weights + net->layout.tensors[node->weight].offset;
        for (size_t k = 0; k < node->rows * channels; k++) {
            const real factor = node->effective_gamma[k % channels];
            gain[k] *= factor * factor;
        }
    }
}

static status run(measure *m)
{
    model *net = &m->t->network;
    model_prepare(net, m->t->values, MODEL_EVAL_HARD, 1, 0);
    TRY(find_smallest_gap(m));
    TRY(sum_gains(m));
    const real each = 1 / (real)image_count(m);
    for (size_t k = 0; k + 1 < m->reals; k++) m->levels[k] *= each;
    unfold(net, m->levels);
    return status_ok();
}

static void place_parts(measure *m, real *memory, int depth)
{
    m->levels = memory;
    m->gradient = m->levels + (size_t)depth * m->reals;
    m->slopes = m->gradient + m->t->network.layout.total;
}

status gains_measure(gains *out, trainer *t, const ranks_view *g, const gains_rules *rules)
{
    const graph *network = t->in.graph;
    const int batch = t->in.settings->batch, most = trainer_steps_per_epoch(t);
    int first[GRAPH_MAX_LAYERS];
    measure m = {.t = t, .ranks = g, .rules = rules, .batches = (rules->images + batch - 1) / batch, .first = first};
    if (m.batches > most) m.batches = most;
    for (int i = 0; i < network->group_count; i++) {
        first[i] = m.channels;
        m.channels += network->groups[i].channels;
    }
    int depth = 1;
    for (int shards = t->in.settings->shards; shards > 1; shards /= 2) depth++;
    m.reals = t->network.layout.total + (size_t)m.channels + (size_t)network->group_count + 2;
    const size_t all =
        (size_t)depth * m.reals + t->network.layout.total + (size_t)t->network.options.capacity * (size_t)m.channels;
    *out = (gains){.memory = malloc(all * sizeof(real))};
    if (out->memory == NULL) return status_fail(STATUS_MEMORY, "no memory for the gains of %s", network->name);
    place_parts(&m, out->memory, depth);
    status s = run(&m);
    if (failed(s)) {
        gains_free(out);
        return s;
    }
    out->weights = m.levels;
    out->channels = m.levels + t->network.layout.total;
    out->quantizers = out->channels + m.channels;
    out->smallest_gap = m.smallest_gap;
    return status_ok();
}

void gains_free(gains *out)
{
    free(out->memory);
    *out = (gains){.memory = NULL};
}
