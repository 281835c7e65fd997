#define _POSIX_C_SOURCE 200809L
#include "results/file/task_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5_scale.h"
#include "core/task/identity.h"

/* What a writer of ours can produce at most, generously. */
enum { MOST_PARTS = 1 << 20, MOST_CHANNELS = 1 << 24, MOST_BITS = 64, MOST_EPOCHS = 10 * 1000 * 1000, PRECISIONS = 9 };

static const char *const ROLES[] = {"state", "point", NULL}; /* of task.point */
static const char *const STATES[] = {"done", "failed", NULL};
static const char *const PHASES[] = {"warmup", "search", "finetune", NULL};

#define AT(type, member) offsetof(type, member)

/* One line of a table: name, where in the struct, unit, description. */
#define NUMBER(name, type, offset, unit, text)                                                                         \
    {                                                                                                                  \
        name, type, offset, unit, text, 0, NULL, NULL                                                                  \
    }
#define SHARED(name, offset, bytes, text)                                                                              \
    {                                                                                                                  \
        name, FIELD_SHARED, offset, "1", text, bytes, NULL, NULL                                                       \
    }
#define TEXT(name, offset, bytes, text)                                                                                \
    {                                                                                                                  \
        name, FIELD_TEXT, offset, "1", text, bytes, NULL, NULL                                                         \
    }
#define NAME(name, offset, names, text)                                                                                \
    {                                                                                                                  \
        name, FIELD_NAME, offset, "1", text, 0, names, NULL                                                            \
    }

static const field RECORD_FIELDS[] = {
    NUMBER("id", FIELD_INT, AT(record, task.id), "1", "position of the task in the plan, from 1"),
    TEXT("key", AT(record, task.key), TASK_KEY, "hash of everything the result depends on; names the task's file"),
    {"role", FIELD_SWITCH, AT(record, task.point), "1", "point of the front, or a state that other tasks start from", 0,
     ROLES, NULL},
    SHARED("kind", AT(record, task.kind), TASK_NAME, "how the task is trained; warmup: the float network of a seed"),
    NAME("state", AT(record, state), STATES, "done or failed"),
    SHARED("strategy", AT(record, task.strategy), TASK_NAME, "how networks were found; warmup for warm-ups"),
    SHARED("network", AT(record, task.network_name), TASK_NETWORK, "the network that was trained"),
    SHARED("cost_model", AT(record, task.cost_model), TASK_NAME, "hardware model trained for, or none"),
    NUMBER("strength", FIELD_REAL, AT(record, task.strength), "1",
           "weight of the cost in the loss; unit-free if normalize_cost, else per unit of the cost model; 0 without "
           "cost model"),
    NUMBER("target", FIELD_REAL, AT(record, task.target), "unit of the cost model", "budget that was given; 0: none"),
    NUMBER("step", FIELD_INT, AT(record, task.step), "1", "position in a trajectory, from 1; 0: of none"),
    NUMBER("given_epochs", FIELD_INT, AT(record, task.epochs), "1",
           "length that the plan gave to its stage; 0: what the settings say"),
    NUMBER("seed", FIELD_SEED, AT(record, task.seed), "1", "seed of all random numbers of the task"),
    NUMBER("bits", FIELD_INT, AT(record, task.bits), "bit", "weight precision of the strategy fixed, else 0"),
    NUMBER("validation_accuracy", FIELD_REAL, AT(record, validation_accuracy), "1",
           "fraction of the validation split classified correctly, kept epoch of the last stage"),
    NUMBER("validation_loss", FIELD_REAL, AT(record, validation_loss), "nat",
           "mean cross-entropy of the validation split, kept epoch of the last stage"),
    NUMBER("test_accuracy", FIELD_REAL, AT(record, test_accuracy), "1",
           "fraction of the test split classified correctly by the final network"),
    NUMBER("test_loss", FIELD_REAL, AT(record, test_loss), "nat",
           "mean cross-entropy of the test split, final network"),
    {"integer_accuracy", FIELD_REAL, AT(record, integer_accuracy), "1",
     "fraction of the test split classified correctly by the integers that bitfront export writes; NaN: see "
     "integer_reason",
     0, NULL, RECORD_INTEGER_UNKNOWN},
    {"integer_reason", FIELD_TEXT, AT(record, integer_reason), "1",
     "why there is no integer_accuracy; empty where there is one", sizeof((record *)0)->integer_reason, NULL,
     RECORD_INTEGER_UNKNOWN},
    NUMBER("epochs", FIELD_INT, AT(record, epochs), "1", "epochs trained over all stages of this task"),
    NUMBER("seconds", FIELD_REAL, AT(record, seconds), "s",
           "wall-clock time over all segments; differs between equal runs"),
    {"parents", FIELD_LONG_TEXT, AT(record, parents), "1", "keys of the tasks it started from", 0, NULL, NULL},
    {"options", FIELD_LONG_TEXT, AT(record, options), "1", "what its entry of the sweep says besides", 0, NULL, NULL},
    TEXT("reason", AT(record, reason), sizeof((record *)0)->reason, "why the task failed; empty when done"),
};
const field_table task_file_columns = {RECORD_FIELDS, sizeof RECORD_FIELDS / sizeof RECORD_FIELDS[0], sizeof(record)};

static const field EPOCH_FIELDS[] = {
    NAME("phase", AT(record_epoch, phase), PHASES, "which of the usual phases the stage resembles"),
    TEXT("stage", AT(record_epoch, stage), RECORD_STAGE, "name of the stage of training"),
    NUMBER("epoch", FIELD_INT, AT(record_epoch, epoch), "1", "epoch within the stage, from 0"),
    NUMBER("train_loss", FIELD_REAL, AT(record_epoch, train_loss), "nat", "mean cross-entropy of the training split"),
    NUMBER("train_accuracy", FIELD_REAL, AT(record_epoch, train_accuracy), "1",
           "fraction of the training split classified correctly"),
    NUMBER("validation_loss", FIELD_REAL, AT(record_epoch, validation_loss), "nat",
           "mean cross-entropy of the validation split; discrete network, except in warm-up"),
    NUMBER("validation_accuracy", FIELD_REAL, AT(record_epoch, validation_accuracy), "1",
           "fraction of the validation split classified correctly; discrete network, except in warm-up"),
    NUMBER("cost", FIELD_REAL, AT(record_epoch, cost), "unit of the cost model",
           "cost of the discrete network in the task's cost model; 0 in warm-up"),
    NUMBER("temperature", FIELD_REAL, AT(record_epoch, temperature), "1", "softmax temperature of the choices"),
    NUMBER("learning_rate", FIELD_REAL, AT(record_epoch, learning_rate), "1", "learning rate of the weights"),
    NUMBER("seconds", FIELD_REAL, AT(record_epoch, seconds), "s", "wall-clock time; differs between equal runs"),
};
const field_table task_file_epoch_columns = {EPOCH_FIELDS, sizeof EPOCH_FIELDS / sizeof EPOCH_FIELDS[0],
                                             sizeof(record_epoch)};

static const field LAYER_FIELDS[] = {
    TEXT("layer", AT(record_layer, layer), RECORD_NAME, "name of the layer; image: the input of the network"),
    TEXT("kind", AT(record_layer, kind), sizeof((record_layer *)0)->kind, "what the layer computes"),
    TEXT("inputs", AT(record_layer, inputs), sizeof((record_layer *)0)->inputs,
         "layers whose output it takes, with a space between them"),
    NUMBER("sharing_group", FIELD_INT, AT(record_layer, sharing_group), "1",
           "layers of one group have the same precision in each channel"),
    TEXT("quantizer", AT(record_layer, quantizer), RECORD_NAME,
         "layer after which the tensors of the output's quantiser are called; empty: not quantised"),
    NUMBER("output_bits", FIELD_INT, AT(record_layer, output_bits), "bit",
           "precision of the output's quantiser; 0: float"),
    NUMBER("output_signed", FIELD_INT, AT(record_layer, output_signed), "1",
           "1: the output goes into an add in 8 bit with a sign, at the quantiser's clip"),
    NUMBER("kernel_height", FIELD_INT, AT(record_layer, kernel_height), "1", "rows of the kernel; 0: it has none"),
    NUMBER("kernel_width", FIELD_INT, AT(record_layer, kernel_width), "1", "columns of the kernel; 0: it has none"),
    NUMBER("stride_height", FIELD_INT, AT(record_layer, stride_height), "1", "step of the kernel in rows"),
    NUMBER("stride_width", FIELD_INT, AT(record_layer, stride_width), "1", "step of the kernel in columns"),
    NUMBER("padding_height", FIELD_INT, AT(record_layer, padding_height), "1", "rows of zeros on each side"),
    NUMBER("padding_width", FIELD_INT, AT(record_layer, padding_width), "1", "columns of zeros on each side"),
    NUMBER("height", FIELD_INT, AT(record_layer, height), "1", "rows of the output"),
    NUMBER("width", FIELD_INT, AT(record_layer, width), "1", "columns of the output"),
    NUMBER("channels", FIELD_INT, AT(record_layer, channels), "1", "channels of the output"),
    NUMBER("bias", FIELD_INT, AT(record_layer, bias), "1", "1: it has a bias of its own in the network file"),
    NUMBER("batchnorm", FIELD_INT, AT(record_layer, batchnorm), "1", "1: batch-norm follows in the network file"),
    NUMBER("relu", FIELD_INT, AT(record_layer, relu), "1", "1: ReLU follows in the network file"),
};
static const field_table LAYER_COLUMNS = {LAYER_FIELDS, sizeof LAYER_FIELDS / sizeof LAYER_FIELDS[0],
                                          sizeof(record_layer)};

static status write_costs(h5_id group, const record *rec)
{
    for (int i = 0; i < rec->cost_count; i++) {
        const record_cost *c = &rec->costs[i];
        TRY(h5_write(group, c->name, H5_F64, 0, NULL, &c->value, (h5_about){c->unit, c->description}));
        TRY(h5_set_integer(group, c->name, "index", i));
    }
    return status_ok();
}

/* A scale that counts from 0. */
static status write_counter(h5_id group, const char *name, size_t count, h5_about about)
{
    int32_t *numbers = malloc((count + 1) * sizeof *numbers);
    if (numbers == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu numbers", count);
    for (size_t i = 0; i < count; i++) numbers[i] = (int32_t)i;
    status result = h5_write_axes(group, name, H5_I32, 1, &count, numbers, about, name);
    free(numbers);
    return result;
}

static status write_channels(h5_id layer, const record_allocation *a)
{
    const size_t channels = (size_t)a->channels;
    TRY(write_counter(layer, "channel", channels, (h5_about){"1", "output channel, from 0"}));
    TRY(h5_write_axes(layer, "bits", H5_I8, 1, &channels, a->bits,
                      (h5_about){"bit", "weight precision of each output channel: 1 to 8, or 0: pruned"}, "channel"));
    if (a->steps != NULL)
        TRY(h5_write_axes(layer, "step", H5_F32, 1, &channels, a->steps,
                          (h5_about){"1", "step of the grid of the channel's weights, before batch-norm is folded; 0: "
                                          "pruned"},
                          "channel"));
    return h5_attach_scales(layer);
}

static status write_layer(h5_id group, const record_allocation *a, int index)
{
    h5_id layer;
    TRY(h5_group(&layer, group, a->layer));
    status result = h5_set_integer(layer, ".", "index", index);
    if (!failed(result)) result = h5_set_integer(layer, ".", "input_bits", a->input_bits);
    if (!failed(result)) result = write_channels(layer, a);
    h5_group_close(layer);
    return result;
}

static status write_allocation(h5_id group, const record *rec)
{
    for (int i = 0; i < rec->allocation_count; i++) TRY(write_layer(group, &rec->allocations[i], i));
    return status_ok();
}

static status write_model(h5_id group, const record *rec)
{
    for (int i = 0; i < rec->tensor_count; i++) {
        const record_tensor *t = &rec->tensors[i];
        TRY(h5_write_axes(group, t->name, H5_F32, t->rank, t->dims, t->data,
                          (h5_about){"1", "parameter of the network, float as trained"},
                          t->axes[0] != '\0' ? t->axes : NULL));
        TRY(h5_set_integer(group, t->name, "index", i));
        if (t->precisions[0] != '\0') TRY(h5_set_text(group, t->name, "precisions", t->precisions));
    }
    return status_ok();
}

static status write_record(h5_id group, const record *rec)
{
    TRY(fields_write_attributes(group, &task_file_columns, rec));
    return h5_set_text(group, ".", "identity", rec->identity != NULL ? rec->identity : "");
}

static status write_curve(h5_id group, const record *rec)
{
    const size_t count = (size_t)rec->epoch_count;
    TRY(write_counter(group, "epoch_of_task", count, (h5_about){"1", "epoch of the task, from 0, over all stages"}));
    TRY(fields_write_columns(group, &task_file_epoch_columns, "epoch_of_task", rec->curve, count));
    return h5_attach_scales(group);
}

/* How many channels of each layer have how many bits. */
static status write_histogram(h5_id group, const record *rec)
{
    const size_t dims[] = {(size_t)rec->layer_count, PRECISIONS};
    int32_t *counts = calloc(dims[0] * dims[1] + 1, sizeof *counts);
    if (counts == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu layers", dims[0]);
    for (int i = 0; i < rec->allocation_count; i++) {
        const record_allocation *a = &rec->allocations[i];
        size_t row = 0;
        while (row < dims[0] && strcmp(rec->layers[row].layer, a->layer) != 0) row++;
        for (int c = 0; row < dims[0] && c < a->channels; c++)
            if (a->bits[c] >= 0 && a->bits[c] < PRECISIONS) counts[row * dims[1] + (size_t)a->bits[c]]++;
    }
    status result = h5_write_axes(group, "channels_at", H5_I32, 2, dims, counts,
                                  (h5_about){"1", "channels of the layer at each weight precision; 0 in layers without "
                                                  "weights, and before anything is quantised"},
                                  "layer precision");
    free(counts);
    return result;
}

static status write_layers(h5_id group, const record *rec)
{
    TRY(fields_write_columns(group, &LAYER_COLUMNS, "layer", rec->layers, (size_t)rec->layer_count));
    TRY(write_counter(group, "precision", PRECISIONS, (h5_about){"bit", "weight precision; 0: pruned"}));
    TRY(write_histogram(group, rec));
    return h5_attach_scales(group);
}

static const struct {
    const char *group, *description;
    status (*write)(h5_id group, const record *rec);
} PARTS[] = {
    {"record", "what was asked and what came out, as attributes; names and units as in results.h5 /points",
     write_record},
    {"costs", "cost of the discrete network in every hardware model", write_costs},
    {"curve", "one row per epoch, in the order of training", write_curve},
    {"allocation", "one group per layer with weights; attributes: index (position in the network), input_bits",
     write_allocation},
    {"layers", "the graph of the network: one row per layer, in the order of execution", write_layers},
    {"model",
     "parameters by name; attributes: index (position in the network), dimensions, precisions (of the rows, in bit)",
     write_model},
};

status task_file_write(h5_id file, const record *rec)
{
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        h5_id group;
        if (PARTS[i].write == write_layers && rec->layer_count == 0) continue; /* nothing was trained */
        TRY(h5_group(&group, file, PARTS[i].group));
        status result = h5_set_text(group, ".", "description", PARTS[i].description);
        if (!failed(result)) result = PARTS[i].write(group, rec);
        h5_group_close(group);
        TRY(result);
    }
    return status_ok();
}

static status read_text(char *out, size_t room, h5_id object, const char *name)
{
    char *text;
    TRY(h5_get_text(&text, object, ".", name));
    snprintf(out, room, "%s", text);
    text_printable(out);
    free(text);
    return status_ok();
}

/* Of each kind of part: `object` becomes number `index`. */
static status read_cost(record *out, int index, h5_id object, const char *name)
{
    record_cost *c = &out->costs[index];
    snprintf(c->name, sizeof c->name, "%s", name);
    TRY(h5_read(object, ".", H5_F64, 1, &c->value));
    TRY(read_text(c->unit, sizeof c->unit, object, "unit"));
    return read_text(c->description, sizeof c->description, object, "description");
}

static status read_layer(record *out, int index, h5_id object, const char *name)
{
    record_allocation *a = &out->allocations[index];
    snprintf(a->layer, sizeof a->layer, "%s", name);
    size_t channels = 0;
    int64_t input_bits;
    int rank;
    void *bits;
    TRY(h5_get_integer(&input_bits, object, ".", "input_bits"));
    TRY(status_in(h5_read_new(&bits, &rank, &channels, 1, object, "bits", H5_I8), "layer %s", name));
    a->bits = bits;
    if (rank != 1 || channels > MOST_CHANNELS || input_bits < 0 || input_bits > MOST_BITS)
        return status_fail(STATUS_DATA, "layer %s has the impossible number of %zu channels or %lld input bits", name,
                           channels, (long long)input_bits);
    a->channels = (int)channels;
    a->input_bits = (int)input_bits;
    for (size_t c = 0; c < channels; c++)
        if (a->bits[c] < 0 || a->bits[c] > MOST_BITS)
            return status_fail(STATUS_DATA, "channel %zu of layer %s has the impossible precision of %d bit", c, name,
                               a->bits[c]);
    return status_ok();
}

static status read_tensor(record *out, int index, h5_id object, const char *name)
{
    record_tensor *t = &out->tensors[index];
    snprintf(t->name, sizeof t->name, "%s", name);
    enum { MOST_RANK = sizeof t->dims / sizeof *t->dims };
    size_t dims[MOST_RANK];
    void *values;
    TRY(h5_read_new(&values, &t->rank, dims, MOST_RANK, object, ".", H5_F32));
    t->data = values;
    for (int d = 0; d < t->rank; d++) t->dims[d] = dims[d];
    return status_ok();
}

/* Makes `count` empty parts of one kind. */
static status reserve_costs(record *out, int count)
{
    if (count > RECORD_MAX_COSTS)
        return status_fail(STATUS_DATA, "the file holds %d costs, more than %d", count, RECORD_MAX_COSTS);
    out->cost_count = count;
    return status_ok();
}

static status reserve_layers(record *out, int count)
{
    out->allocations = calloc((size_t)count + 1, sizeof *out->allocations);
    if (out->allocations == NULL) return status_fail(STATUS_MEMORY, "no memory for %d layers", count);
    out->allocation_count = count;
    return status_ok();
}

static status reserve_tensors(record *out, int count)
{
    out->tensors = calloc((size_t)count + 1, sizeof *out->tensors);
    if (out->tensors == NULL) return status_fail(STATUS_MEMORY, "no memory for %d tensors", count);
    out->tensor_count = count;
    return status_ok();
}

/* The attribute "index" of an object: together a permutation of 0 ... count-1. */
static status read_index(int *out, bool *taken, int count, h5_id object, const char *name)
{
    int64_t index;
    TRY(h5_get_integer(&index, object, ".", "index"));
    if (index < 0 || index >= count || taken[index])
        return status_fail(STATUS_DATA, "'%s' has a wrong index %lld", name, (long long)index);
    taken[index] = true;
    *out = (int)index;
    return status_ok();
}

typedef struct {
    const char *group;
    status (*reserve)(record *out, int count);
    status (*read)(record *out, int index, h5_id object, const char *name);
} part;

static const part COSTS = {"costs", reserve_costs, read_cost}, ALLOCATION = {"allocation", reserve_layers, read_layer},
                  MODEL = {"model", reserve_tensors, read_tensor};

static status read_member(record *out, const part *p, bool *taken, const h5_members *group, const char *name)
{
    if (!text_is_printable(name) || strlen(name) >= RECORD_NAME)
        return status_fail(STATUS_DATA, "'%.80s' is no name that bitfront gives", name);
    h5_id object;
    int index = 0;
    TRY(h5_member_open(&object, group, name));
    status result = read_index(&index, taken, (int)h5_members_count(group), object, name);
    if (!failed(result)) result = p->read(out, index, object, name);
    h5_member_close(object);
    return status_in(result, "%s", p->group);
}

/* Every object of one group in its place. */
static status read_members(record *out, const part *p, const h5_members *group)
{
    const size_t count = h5_members_count(group);
    if (count > MOST_PARTS)
        return status_fail(STATUS_DATA, "%zu objects in %s; at most %d are possible", count, p->group, MOST_PARTS);
    bool *taken = calloc(count + 1, sizeof *taken);
    if (taken == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu names", count);
    status result = p->reserve(out, (int)count);
    for (size_t i = 0; i < count && !failed(result); i++)
        result = read_member(out, p, taken, group, h5_members_name(group, i));
    free(taken);
    return result;
}

static status read_part(record *out, h5_id file, const part *p)
{
    h5_members *group;
    TRY(h5_members_new(&group, file, p->group));
    status result = read_members(out, p, group);
    h5_members_free(group);
    return result;
}

/* The stored key is that of the stored identity, and the attributes say what the identity says, or nothing in the file
 * is what it says it is. */
static status check_key(const record *rec)
{
    char key[TASK_KEY];
    bool told;
    TRY(identity_key(key, rec->identity));
    if (strcmp(key, rec->task.key) != 0)
        return status_fail(STATUS_DATA, "its key %.8s is not that of what it holds (%.8s): it was changed",
                           rec->task.key, key);
    TRY(identity_tells(&told, rec->identity, &rec->task, rec->parents, rec->options));
    if (told) return status_ok();
    return status_fail(STATUS_DATA, "its attributes are not those of task %.8s: it was changed", key);
}

status task_file_read_head(record *out, h5_id file)
{
    record rec;
    memset(&rec, 0, sizeof rec);
    h5_id group;
    TRY(h5_group_open(&group, file, "record"));
    status result = fields_read_attributes(&rec, &task_file_columns, group);
    if (!failed(result)) result = h5_get_text(&rec.identity, group, ".", "identity");
    h5_group_close(group);
    if (!failed(result)) result = check_key(&rec);
    if (!failed(result)) result = read_part(&rec, file, &COSTS);
    if (!failed(result)) result = record_check(&rec);
    if (failed(result))
        record_free(&rec);
    else
        *out = rec;
    return result;
}

static status count_epochs(size_t *out, const h5_members *curve)
{
    h5_id set;
    TRY(h5_member_open(&set, curve, "epoch"));
    status result = status_in(h5_dims(set, ".", 1, out), "curve");
    h5_member_close(set);
    if (!failed(result) && *out > MOST_EPOCHS)
        result = status_fail(STATUS_DATA, "%zu epochs; at most %d are possible", *out, MOST_EPOCHS);
    return result;
}

static status read_epochs(record *out, const h5_members *curve)
{
    size_t count;
    TRY(count_epochs(&count, curve));
    out->curve = calloc(count + 1, sizeof *out->curve);
    if (out->curve == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu epochs", count);
    out->epoch_count = (int)count;
    return fields_read_columns(out->curve, &task_file_epoch_columns, curve, count);
}

static status read_curve(record *out, h5_id file)
{
    h5_members *curve;
    TRY(h5_members_new(&curve, file, "curve"));
    status result = read_epochs(out, curve);
    h5_members_free(curve);
    return result;
}

status task_file_read(record *out, h5_id file)
{
    record rec;
    TRY(task_file_read_head(&rec, file));
    status result = read_curve(&rec, file);
    if (!failed(result)) result = read_part(&rec, file, &ALLOCATION);
    if (!failed(result)) result = read_part(&rec, file, &MODEL);
    if (!failed(result)) result = record_check(&rec);
    if (failed(result))
        record_free(&rec);
    else
        *out = rec;
    return result;
}
