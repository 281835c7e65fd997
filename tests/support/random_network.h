/* random_network: the text of a network file with layers of all kinds in random order and shapes, a pure function of
 * the seed. */
#ifndef TESTS_SUPPORT_RANDOM_NETWORK_H
#define TESTS_SUPPORT_RANDOM_NETWORK_H

#include <stdio.h>

#include "core/base/rng.h"

enum { RANDOM_NETWORK_TEXT = 8192 };

/* The text as far as it is, the shape that its last layer puts out, and the draws. */
typedef struct {
    char *text;
    size_t used;
    uint32_t seed, draws;
    int layers, height, width, channels;
} random_network;

static inline int random_below(random_network *r, int limit)
{
    return (int)rng_below(rng_draw(r->seed, RNG_SYNTHETIC, r->draws++, 4711, 0).word[0], (uint32_t)limit);
}

static inline const char *random_switch(random_network *r)
{
    return random_below(r, 2) ? "true" : "false";
}

#define RANDOM_PRINT(r, ...)                                                                                           \
    (r)->used += (size_t)snprintf((r)->text + (r)->used, RANDOM_NETWORK_TEXT - (r)->used, __VA_ARGS__)

/* The window of a layer: rectangular, with strides and paddings of its own; text ends behind "padding = ...;". */
static inline void random_window(random_network *r, int most, int most_stride)
{
    int kernel[2], stride[2], pad[2], *size[2] = {&r->height, &r->width};
    for (int k = 0; k < 2; k++) {
        kernel[k] = 1 + random_below(r, most);
        stride[k] = 1 + random_below(r, most_stride);
        pad[k] = kernel[k] / 2 - (*size[k] >= kernel[k] && random_below(r, 3) == 0 ? kernel[k] / 2 : 0);
        *size[k] = (*size[k] + 2 * pad[k] - kernel[k]) / stride[k] + 1;
    }
    RANDOM_PRINT(r, "kernel = [%d, %d]; stride = [%d, %d]; padding = [%d, %d]; ", kernel[0], kernel[1], stride[0],
                 stride[1], pad[0], pad[1]);
}

/* What follows a window. */
static inline void random_rest(random_network *r, const char *relu)
{
    RANDOM_PRINT(r, "bias = %s; batchnorm = %s; relu = %s; },\n", random_switch(r), random_switch(r), relu);
}

static inline void random_start(random_network *r, int from, int out)
{
    char input[32];
    snprintf(input, sizeof input, from < 0 ? "image" : "l%d", from);
    RANDOM_PRINT(r, "    { name = \"l%d\"; type = \"conv\"; input = \"%s\"; out = %d; ", r->layers++, input, out);
    r->channels = out;
}

/* A convolution that reads layer `from` (-1: the image) and is called l<layers>, with a square window that keeps the
 * size of the image, divided by the stride. */
static inline void random_conv(random_network *r, int from, int out, int kernel, int stride, const char *relu)
{
    const int pad = kernel / 2;
    random_start(r, from, out);
    RANDOM_PRINT(r, "kernel = %d; stride = %d; padding = %d; ", kernel, stride, pad);
    random_rest(r, relu);
    r->height = (r->height + 2 * pad - kernel) / stride + 1;
    r->width = (r->width + 2 * pad - kernel) / stride + 1;
}

/* The same with a window of any shape. */
static inline void random_conv_of_any_window(random_network *r, int from, int out, const char *relu)
{
    random_start(r, from, out);
    random_window(r, 5, 2);
    random_rest(r, relu);
}

static inline void random_pool(random_network *r, const char *kind)
{
    const int kernel_h = 1 + random_below(r, r->height < 3 ? r->height : 3);
    const int kernel_w = 1 + random_below(r, r->width < 3 ? r->width : 3), stride = 1 + random_below(r, 2);
    RANDOM_PRINT(r, "    { name = \"l%d\"; type = \"%s\"; kernel = [%d, %d]; stride = %d; },\n", r->layers++, kind,
                 kernel_h, kernel_w, stride);
    r->height = (r->height - kernel_h) / stride + 1;
    r->width = (r->width - kernel_w) / stride + 1;
}

/* Two branches and their sum; the second branch is the input itself or a convolution of it. */
static inline void random_residual(random_network *r)
{
    const int from = r->layers - 1, height = r->height, width = r->width, channels = r->channels;
    const int same = random_below(r, 2), stride = same ? 1 : 1 + random_below(r, 2);
    const int out = same ? channels : 1 + random_below(r, 16);
    random_conv(r, from, 1 + random_below(r, 12), 3, 1, "true");
    random_conv(r, r->layers - 1, out, 3, stride, random_below(r, 3) ? "false" : "true");
    const int left = r->layers - 1, end_height = r->height, end_width = r->width;
    int right = from;
    if (!same) {
        r->height = height;
        r->width = width;
        random_conv(r, from, out, 1, stride, "false");
        right = r->layers - 1;
    }
    r->height = end_height;
    r->width = end_width;
    RANDOM_PRINT(r, "    { name = \"l%d\"; type = \"add\"; inputs = [\"l%d\", \"l%d\"]; relu = %s; },\n", r->layers++,
                 left, right, random_switch(r));
}

static inline void random_layer(random_network *r)
{
    switch (random_below(r, 7)) {
    case 0:
        RANDOM_PRINT(r, "    { name = \"l%d\"; type = \"depthwise\"; ", r->layers++);
        random_window(r, 6, 2);
        random_rest(r, random_switch(r));
        break;
    case 1:
        random_pool(r, "max_pool");
        break;
    case 2:
        random_pool(r, "average_pool");
        break;
    case 3:
        RANDOM_PRINT(r, "    { name = \"l%d\"; type = \"dropout\"; rate = 0.5; },\n", r->layers++);
        break;
    case 4:
    case 5:
        random_residual(r);
        break;
    default:
        random_conv_of_any_window(r, r->layers - 1, 1 + random_below(r, 40), random_switch(r));
        break;
    }
}

/* text[RANDOM_NETWORK_TEXT] */
static inline void random_network_write(char *text, uint32_t seed)
{
    random_network r = {.text = text, .seed = seed};
    const int classes = 2 + random_below(&r, 20), input_signed = random_below(&r, 2);
    r.height = 4 + random_below(&r, 9);
    r.width = 4 + random_below(&r, 9);
    r.channels = 1 + random_below(&r, 4);
    RANDOM_PRINT(
        &r, "name = \"random\";\nclasses = %d;\ninput = { channels = %d; height = %d; width = %d; signed = %s; %s};\n",
        classes, r.channels, r.height, r.width, input_signed ? "true" : "false",
        input_signed ? "clip_low = -5.0; clip_high = 4.0; " : "clip = 1.0; ");
    RANDOM_PRINT(&r, "init = \"he_normal\";\nlayers = (\n");
    random_conv_of_any_window(&r, -1, 1 + random_below(&r, 24), random_switch(&r));
    for (int more = random_below(&r, 6); more > 0; more--) random_layer(&r);
    if (random_below(&r, 4) == 0) { /* the output is pooled */
        random_conv(&r, r.layers - 1, classes, 1, 1, "false");
        RANDOM_PRINT(
            &r, "    { name = \"l%d\"; type = \"global_pool\"; },\n    { name = \"end\"; type = \"flatten\"; }\n);\n",
            r.layers);
        return;
    }
    RANDOM_PRINT(&r, "    { name = \"l%d\"; type = \"%s\"; },\n", r.layers,
                 random_below(&r, 2) ? "flatten" : "global_pool");
    if (random_below(&r, 2))
        RANDOM_PRINT(&r, "    { name = \"hidden\"; type = \"linear\"; out = %d; bias = true; relu = true; },\n",
                     1 + random_below(&r, 30));
    RANDOM_PRINT(&r, "    { name = \"end\"; type = \"linear\"; out = %d; bias = %s; }\n);\n", classes,
                 random_switch(&r));
}

#endif
