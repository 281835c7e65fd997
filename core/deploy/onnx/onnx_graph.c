#include "core/deploy/onnx/onnx_graph.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <onnx.pb-c.h>

/* ONNX 1.8 and later read it; per-channel DequantizeLinear is of operator set 13. */
enum { IR_VERSION = 7, OPERATOR_SET = 13, LARGEST_DIMS = 4 };

/* Pointers in a growing array. */
typedef struct {
    void **items;
    size_t count, room;
} pointer_list;

struct onnx_graph {
    pointer_list memory; /* everything that is freed at the end */
    pointer_list nodes, constants, inputs, outputs, metadata;
    bool out_of_memory;
};

/* ---- memory ---- */

static bool append(onnx_graph *g, pointer_list *l, void *item)
{
    if (l->count == l->room) {
        const size_t room = l->room > 0 ? 2 * l->room : 64;
        void **items = realloc(l->items, room * sizeof *items);
        if (items == NULL) {
            g->out_of_memory = true;
            return false;
        }
        l->items = items;
        l->room = room;
    }
    l->items[l->count++] = item;
    return true;
}

/* NULL, and out_of_memory, when there is none. */
static void *take(onnx_graph *g, size_t bytes)
{
    void *memory = g->out_of_memory ? NULL : calloc(1, bytes > 0 ? bytes : 1);
    if (memory == NULL || !append(g, &g->memory, memory)) {
        free(memory);
        g->out_of_memory = true;
        return NULL;
    }
    return memory;
}

static void *copy(onnx_graph *g, const void *from, size_t bytes)
{
    void *to = take(g, bytes);
    if (to != NULL && bytes > 0) memcpy(to, from, bytes);
    return to;
}

static char *copy_text(onnx_graph *g, const char *from)
{
    return copy(g, from, strlen(from) + 1);
}

/* A message of the schema: *to = what INIT of its type says. */
#define TAKE_MESSAGE(to, type, initial)                                                                                \
    type *to = take(g, sizeof *to);                                                                                    \
    if (to != NULL) *to = (type)initial

status onnx_graph_new(onnx_graph **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for an ONNX model");
}

void onnx_graph_free(onnx_graph *g)
{
    for (size_t i = 0; i < g->memory.count; i++) free(g->memory.items[i]);
    free(g->memory.items);
    free(g->nodes.items);
    free(g->constants.items);
    free(g->inputs.items);
    free(g->outputs.items);
    free(g->metadata.items);
    free(g);
}

const char *onnx_text(onnx_graph *g, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *kept = copy_text(g, text);
    return kept != NULL ? kept : "";
}

/* ---- parts ---- */

static size_t type_bytes(onnx_type type)
{
    return type == ONNX_INT64 ? 8 : type == ONNX_FLOAT || type == ONNX_INT32 ? 4 : 1;
}

const char *onnx_constant(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims,
                          const void *data)
{
    size_t bytes = type_bytes(type);
    for (int d = 0; d < rank; d++) bytes *= (size_t)dims[d];
    TAKE_MESSAGE(t, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT);
    if (t == NULL) return name;
    t->name = copy_text(g, name);
    t->n_dims = (size_t)rank;
    t->dims = copy(g, dims, (size_t)rank * sizeof *dims);
    t->has_data_type = true;
    t->data_type = (int32_t)type;
    t->has_raw_data = true; /* little-endian, as every machine that the program runs on */
    t->raw_data = (ProtobufCBinaryData){.len = bytes, .data = copy(g, data, bytes)};
    append(g, &g->constants, t);
    return name;
}

static Onnx__AttributeProto *attribute_of(onnx_graph *g, const onnx_attribute *from)
{
    TAKE_MESSAGE(a, Onnx__AttributeProto, ONNX__ATTRIBUTE_PROTO__INIT);
    if (a == NULL) return NULL;
    a->name = copy_text(g, from->name);
    a->has_type = true;
    if (from->count == 0) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        a->has_i = true;
        a->i = from->numbers[0];
    } else {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        a->n_ints = (size_t)from->count;
        a->ints = copy(g, from->numbers, a->n_ints * sizeof *a->ints);
    }
    return a;
}

const char *onnx_node(onnx_graph *g, const char *op, const char *output, const char *const *inputs, int count,
                      const onnx_attribute *attributes)
{
    TAKE_MESSAGE(n, Onnx__NodeProto, ONNX__NODE_PROTO__INIT);
    if (n == NULL) return output;
    while (inputs[n->n_input] != NULL) n->n_input++;
    n->op_type = copy_text(g, op);
    n->name = copy_text(g, output);
    n->input = take(g, n->n_input * sizeof *n->input);
    n->output = take(g, sizeof *n->output);
    n->attribute = take(g, (size_t)count * sizeof(void *));
    if (g->out_of_memory) return output;
    for (size_t i = 0; i < n->n_input; i++) n->input[i] = copy_text(g, inputs[i]);
    n->n_output = 1;
    n->output[0] = copy_text(g, output);
    n->n_attribute = (size_t)count;
    for (int i = 0; i < count; i++) n->attribute[i] = attribute_of(g, &attributes[i]);
    append(g, &g->nodes, n);
    return output;
}

static Onnx__TensorShapeProto *shape_of(onnx_graph *g, int rank, const int64_t *dims)
{
    TAKE_MESSAGE(shape, Onnx__TensorShapeProto, ONNX__TENSOR_SHAPE_PROTO__INIT);
    if (shape == NULL) return NULL;
    shape->dim = take(g, (size_t)rank * sizeof *shape->dim);
    for (int d = 0; d < rank && !g->out_of_memory; d++) {
        TAKE_MESSAGE(dim, Onnx__TensorShapeProto__Dimension, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT);
        if (dim == NULL) return NULL;
        if (d == 0) {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dim->dim_param = copy_text(g, "images");
        } else {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dim->dim_value = dims[d];
        }
        shape->dim[shape->n_dim++] = dim;
    }
    return shape;
}

static void add_value(onnx_graph *g, pointer_list *to, const char *name, onnx_type type, int rank, const int64_t *dims)
{
    TAKE_MESSAGE(value, Onnx__ValueInfoProto, ONNX__VALUE_INFO_PROTO__INIT);
    TAKE_MESSAGE(kind, Onnx__TypeProto, ONNX__TYPE_PROTO__INIT);
    TAKE_MESSAGE(tensor, Onnx__TypeProto__Tensor, ONNX__TYPE_PROTO__TENSOR__INIT);
    if (value == NULL || kind == NULL || tensor == NULL) return;
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    tensor->shape = shape_of(g, rank, dims);
    kind->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    kind->tensor_type = tensor;
    value->name = copy_text(g, name);
    value->type = kind;
    append(g, to, value);
}

void onnx_input(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims)
{
    add_value(g, &g->inputs, name, type, rank, dims);
}

void onnx_output(onnx_graph *g, const char *name, onnx_type type, int rank, const int64_t *dims)
{
    add_value(g, &g->outputs, name, type, rank, dims);
}

void onnx_metadata(onnx_graph *g, const char *key, const char *value)
{
    TAKE_MESSAGE(entry, Onnx__StringStringEntryProto, ONNX__STRING_STRING_ENTRY_PROTO__INIT);
    if (entry == NULL) return;
    entry->key = copy_text(g, key);
    entry->value = copy_text(g, value);
    append(g, &g->metadata, entry);
}

/* ---- the whole ---- */

status onnx_graph_bytes(uint8_t **bytes, size_t *count, onnx_graph *g, const char *name, const char *description)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT, *sets[] = {&set};
    char standard[] = "", producer[] = "bitfront";
    set.domain = standard;
    set.has_version = true;
    set.version = OPERATOR_SET;
    graph.name = copy_text(g, name);
    graph.n_node = g->nodes.count;
    graph.node = (Onnx__NodeProto **)g->nodes.items;
    graph.n_initializer = g->constants.count;
    graph.initializer = (Onnx__TensorProto **)g->constants.items;
    graph.n_input = g->inputs.count;
    graph.input = (Onnx__ValueInfoProto **)g->inputs.items;
    graph.n_output = g->outputs.count;
    graph.output = (Onnx__ValueInfoProto **)g->outputs.items;
    model.has_ir_version = true;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = sets;
    model.producer_name = producer;
    model.doc_string = copy_text(g, description);
    model.graph = &graph;
    model.n_metadata_props = g->metadata.count;
    model.metadata_props = (Onnx__StringStringEntryProto **)g->metadata.items;
    *count = g->out_of_memory ? 0 : onnx__model_proto__get_packed_size(&model);
    *bytes = g->out_of_memory ? NULL : malloc(*count);
    if (*bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for the ONNX model %s", name);
    onnx__model_proto__pack(&model, *bytes);
    return status_ok();
}
