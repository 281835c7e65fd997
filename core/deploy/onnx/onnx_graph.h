/* onnx_graph: a model in the making: nodes, constants, inputs and outputs of the ONNX schema, in memory of its own.
 * What is handed in is copied. When memory runs out, everything that follows does nothing, and onnx_graph_write says
 * so. */
#ifndef CORE_DEPLOY_ONNX_ONNX_GRAPH_H
#define CORE_DEPLOY_ONNX_ONNX_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Numbers of the schema (TensorProto.DataType). */
typedef enum { ONNX_FLOAT = 1, ONNX_UINT8 = 2, ONNX_INT8 = 3, ONNX_INT32 = 6, ONNX_INT64 = 7 } onnx_type;

typedef struct onnx_graph onnx_graph;

enum { ONNX_MOST_NUMBERS = 4, ONNX_MOST_INPUTS = 8 };

/* An attribute of whole numbers: one number (count 0), or a list of them. */
typedef struct {
    const char *name;
    int count;
    int64_t numbers[ONNX_MOST_NUMBERS];
} onnx_attribute;

MUST_CHECK status onnx_graph_new(onnx_graph **out);
void onnx_graph_free(onnx_graph *g);

/* A text in the graph's memory; never NULL. */
const char *onnx_text(onnx_graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A constant. rank 0: one number. Returns its name. */
const char *onnx_constant(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims,
                          const void *data);

/* A node with one output, whose name it returns. inputs end with NULL; attributes: `count` of them. */
const char *onnx_node(onnx_graph *g, const char *op, const char *output, const char *const *inputs, int count,
                      const onnx_attribute *attributes);

/* Input and output of the whole: dimension 0 is called "images" and open. */
void onnx_input(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims);
void onnx_output(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims);

/* A key and its text, for readers of the file. */
void onnx_metadata(onnx_graph *g, const char *key, const char *value);

/* The model as bytes; the caller frees *bytes. */
MUST_CHECK status onnx_graph_bytes(uint8_t **bytes, size_t *count, onnx_graph *g, const char *name,
                                   const char *description);

#endif
