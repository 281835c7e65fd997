/* ne16: cycles on the NE16 accelerator (METHOD.md 4.7). Every weight precision is a job of its own over all inputs;
 * activations of any precision are processed as 8 bit. Range: any kernel, as passes of 3x3 and 1x1; no transfers to and
 * from memory.
 *
 * The cost rises in steps. Slopes are straight-through: the reference lets floor and ceiling of a / N pass the gradient
 * of a unchanged, exact arithmetic divides it by N, which is the mean slope over a tile. Values are the same. */
#include <math.h>

#include "hw_models/models.h"

/* Cycles of one tile with k output channels and `inputs` blocks of 16 input channels:
 *   inputs * (per_input + per_input_channel * k) + once + once_channel * k + normquant(k) + stream out */
typedef struct {
    int tile; /* output channels at once */
    double per_input, per_input_channel, once, once_channel;
} pass;

enum { INPUT_BLOCK = 16, SPATIAL_BLOCK = 3 };
static const double STREAM_OUT = 13;

/* Load 31 (1x1: 19), weight offset 6, matrix 6 + k bits (1x1: 6 + k), update 2. A depthwise layer processes its own 16
 * channels once, with a weight offset of 6 + k. */
static pass pass_3x3(int bits)
{
    return (pass){.tile = 32, .per_input = 31 + 6 + 6 + 2, .per_input_channel = bits};
}

static pass pass_1x1(void)
{
    return (pass){.tile = 32, .per_input = 19 + 6 + 6 + 2, .per_input_channel = 1};
}

static pass pass_depthwise(int bits)
{
    return (pass){.tile = 16, .once = 31 + 6 + 6 + 2, .once_channel = 1 + bits};
}

/* Ceiling of a / n for integers, as published: 0 at 0. */
static double blocks(double a, int n)
{
    return floor((a - 1) / n) + 1;
}

static double tile_cycles(const pass *p, double inputs, double k)
{
    double normquant = 9 + blocks(4 * k, 4);
    return inputs * (p->per_input + p->per_input_channel * k) + p->once + p->once_channel * k + normquant + STREAM_OUT;
}

typedef struct {
    double cycles, by_out, by_in;
} job;

static job run_job(const pass *p, double spatial, double out, double in, bool reference)
{
    double inputs = blocks(in, INPUT_BLOCK), full = floor(out / p->tile), rest = out - full * p->tile;
    double tile = tile_cycles(p, inputs, p->tile);
    /* derivative by the number of input blocks */
    double by_inputs = full * (p->per_input + p->per_input_channel * p->tile);
    job j = {.cycles = full * tile, .by_out = tile};
    if (rest != 0) {
        j.cycles += tile_cycles(p, inputs, rest);
        by_inputs += p->per_input + p->per_input_channel * rest;
        /* 4: the normquant's ceiling of 4 k / 4 */
        if (reference) j.by_out += inputs * p->per_input_channel + p->once_channel + 4;
    }
    if (!reference) {
        j.by_out /= p->tile;
        by_inputs /= INPUT_BLOCK;
    }
    return (job){j.cycles * spatial, j.by_out * spatial, by_inputs * spatial};
}

static double ne16_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                         cost_slope *slope)
{
    (void)self;
    int rest_h = l->kernel_h % 3, rest_w = l->kernel_w % 3;
    double passes_3x3 = (double)(l->kernel_h / 3) * (l->kernel_w / 3);
    double passes_1x1 = (double)rest_h * l->kernel_w + (double)rest_w * l->kernel_h - (double)rest_h * rest_w;
    double spatial = blocks(l->out_height, SPATIAL_BLOCK) * blocks(l->out_width, SPATIAL_BLOCK), total = 0;
    bool depthwise = l->kind == COST_DEPTHWISE;
    if (slope != NULL) *slope = (cost_slope){.kept = 0};
    for (int w = 1; w < COST_WEIGHT_BITS; w++) {
        pass large = depthwise ? pass_depthwise(w) : pass_3x3(w);
        /* what is left of a depthwise kernel that is not 3x3 is charged like a 3x3 convolution, as published */
        pass small = depthwise ? pass_3x3(w) : pass_1x1();
        job a = run_job(&large, spatial, c->channels[w], c->in_kept, reference);
        job b = run_job(&small, spatial, c->channels[w], c->in_kept, reference);
        total += passes_3x3 * a.cycles + passes_1x1 * b.cycles;
        if (slope == NULL) continue;
        slope->channels[w] = passes_3x3 * a.by_out + passes_1x1 * b.by_out;
        slope->in_kept += passes_3x3 * a.by_in + passes_1x1 * b.by_in;
    }
    return total;
}

const cost_model cost_model_ne16 = {.name = "ne16",
                                    .unit = "cycles",
                                    .description = "cycles on the NE16 accelerator, from its tile model",
                                    .layer = ne16_layer,
                                    .stepped = true};
