/* int_kernels: the layers of an integer network. Portable C99 without floating point, without memory of its own,
 * without any dependency: this file and int_kernels.c are part of every exported C program, and they are what the
 * results of the engine are defined by.
 *
 * Tensors are (height, width, channels), row-major; each holds codes of one type. Weights are packed: code e of a block
 * stands in byte e * bits / 8, from the least significant bit on, in two's complement; codes follow each other without
 * gaps in the order (output channel, kernel row, kernel column, input channel).
 *
 * Every sum of a layer fits 32 bit: that is proved when a network is built, not asked here. Shifts round down. */
#ifndef CORE_DEPLOY_TARGET_INT_KERNELS_H
#define CORE_DEPLOY_TARGET_INT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef enum { INT_U8, INT_S8, INT_S16, INT_S32 } int_type;

/* Output channels with weights of the same precision: 8, 4 or 2 bit; 0: they have none, and their sum is the bias. */
typedef struct {
    int bits, first, count;
    const uint8_t *weights;
} int_block;

/* What an output code is made of: code = clamp((sum * multiplier[channel] + offset) >> shift, low, high). */
typedef struct {
    const int32_t *multiplier; /* (channels); NULL: the sum itself */
    int64_t offset;            /* 0: rounds down; half of 1 << shift: to nearest */
    int shift;                 /* 0 ... 62 */
    int32_t low, high;
} int_scaling;

/* Convolution; a fully connected layer is one of a 1 x 1 image. Depthwise: output channel c reads input channel c. */
typedef struct {
    int in_height, in_width, in_channels, out_height, out_width, out_channels;
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
    int depthwise;
    int32_t zero; /* the input's code of 0: what the border is made of */
    int_type in_type, out_type;
    int block_count;
    const int_block *blocks;
    const int32_t *bias; /* (out_channels), in the unit of the sum */
    int_scaling scaling;
} int_conv;

/* code = clamp(((a - zero[0]) * factor[0] + (b - zero[1]) * factor[1] + offset) >> shift, low, high) */
typedef struct {
    size_t count;
    int_type in_type[2], out_type;
    int32_t zero[2], factor[2];
    int64_t offset;
    int shift;
    int32_t low, high;
} int_add;

/* The sum, or the largest, of each window. */
typedef struct {
    int in_height, in_width, channels, out_height, out_width;
    int kernel_h, kernel_w, stride_h, stride_w;
    int largest;
    int_type in_type, out_type;
} int_pool;

/* code[i] = table[sample[i]]; order: which channel of the image a channel of the tensor is, NULL: the same one. */
typedef struct {
    size_t pixels;
    int channels;
    const uint8_t *table; /* (256) */
    const uint16_t *order;
} int_input;

/* Of sums of 32 bit: logits[order[i]] = (in[i] * multiplier[i % channels] + offset) >> shift */
typedef struct {
    int count, channels;
    const int32_t *multiplier;
    int64_t offset;
    int shift;
    const uint16_t *order; /* (count) */
} int_output;

void int_input_run(const int_input *l, uint8_t *out, const uint8_t *samples);
void int_conv_run(const int_conv *l, void *out, const void *in);
void int_add_run(const int_add *l, void *out, const void *a, const void *b);
void int_pool_run(const int_pool *l, void *out, const void *in);
void int_output_run(const int_output *l, int32_t *logits, const void *in);

#endif
