/* record: the outcome of one task as plain values: what a person compares, and what is needed to use the network. */
#ifndef CORE_TASK_RECORD_H
#define CORE_TASK_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/task/task.h"

enum { RECORD_MAX_COSTS = 32, RECORD_NAME = 64, RECORD_STAGE = 16, RECORD_ROWS = 32 };
#define RECORD_INTEGER_UNKNOWN "recorded by a version that did not ask" /* the integer_reason of its records */

typedef enum { RECORD_DONE, RECORD_FAILED } record_state;
typedef enum { PHASE_WARMUP, PHASE_SEARCH, PHASE_FINETUNE } phase_kind;
enum { PHASE_COUNT = PHASE_FINETUNE + 1 };

/* One epoch of one stage, in the order in which they ran. Accuracies are fractions, losses mean cross-entropy. */
typedef struct {
    phase_kind phase;         /* which of the usual phases the stage resembles */
    char stage[RECORD_STAGE]; /* "warmup", "search", ... */
    int epoch;
    double train_loss, train_accuracy;
    double validation_loss, validation_accuracy; /* discrete network, except in warm-up (float) */
    double cost; /* of the discrete network, in the unit of the task's cost model; 0 in warm-up */
    double temperature, learning_rate;
    double seconds; /* wall clock; the only value that differs between equal runs */
} record_epoch;

/* What was chosen for one layer with weights. */
typedef struct {
    char layer[RECORD_NAME];
    int channels;
    int8_t *bits;   /* (channels): 8, 4, 2 or 0 = pruned; owned */
    int input_bits; /* activation precision of the layer's input */
    float *steps;   /* (channels): of the grid of its weights as they are in the tensor, 0 where pruned; owned; NULL:
                     * not known (it is written, not read) */
} record_allocation;

typedef struct {
    char name[RECORD_NAME]; /* "b1.c1.weight", the same name as in checkpoints and tests */
    int rank;
    size_t dims[4];
    float *data;                  /* owned */
    char axes[RECORD_NAME];       /* what its dimensions are, with spaces between them; written, not read */
    char precisions[RECORD_ROWS]; /* "0 2 4 8": of its rows, in bit; empty: rows are something else; likewise */
} record_tensor;

/* A node of the network, in the order of execution: the graph of the network that was trained. Written, not read. */
typedef struct {
    char layer[RECORD_NAME], kind[24];
    char inputs[2 * RECORD_NAME]; /* layers whose output it takes, with a space between them */
    char quantizer[RECORD_NAME];  /* of its output: whose tensors "clip" and "activation_choice" it has; empty: none */
    int output_bits, output_signed; /* of that quantiser; signed: in 8 bit with its clip, into an add without ReLU */
    int sharing_group;
    int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
    int height, width, channels; /* of its output */
    int bias, batchnorm, relu;   /* 1: as in the network file */
} record_layer;

/* What the name of a cost begins with that is that of the network with every precision raised to what processors hold
 * (allocation_carrier): "deploy_size_bits" beside "size_bits". */
#define RECORD_DEPLOY "deploy_"

/* The discrete network's cost in one hardware model. */
typedef struct {
    char name[RECORD_NAME]; /* column name with its unit: "size_bits", "mpic_cycles" */
    char unit[16];
    char description[96];
    double value;
} record_cost;

typedef struct {
    task task;      /* the place of the parents: not used */
    char *parents;  /* their keys, with spaces between them; owned; NULL: none */
    char *options;  /* of its entry, as in the configuration, without those that stand in `task`; owned; NULL: none */
    char *identity; /* text that task.key is the hash of (identity.h); owned */
    record_state state;
    char reason[256];                            /* why it failed; empty when done */
    double validation_accuracy, validation_loss; /* of the kept epoch of the last phase */
    double test_accuracy, test_loss;             /* of the final network on the whole test split */
    double integer_accuracy;  /* the same by the integers that are exported of it; NaN: there are none, because ... */
    char integer_reason[128]; /* ... of this; empty where there are */
    int cost_count;
    record_cost costs[RECORD_MAX_COSTS]; /* empty for warm-ups */
    char earlier_machines[256]; /* other machines than that of its file that computed a part of it (checkpoint.h
                                   in results/file); for its provenance: written only */
    int epochs;                 /* trained, over all phases of this task */
    double seconds;             /* wall clock over all segments */
    int epoch_count;
    record_epoch *curve; /* (epoch_count), owned */
    int allocation_count;
    record_allocation *allocations; /* owned */
    int layer_count;
    record_layer *layers; /* owned */
    int tensor_count;
    record_tensor *tensors; /* owned: float weights, biases, clips, choices (or batch-norm state for warm-ups) */
} record;

void record_free(record *r);

/* The row of a curve after `epochs` epochs of a stage; NULL: it is not there. */
const record_epoch *record_find_epoch(const record_epoch *curve, int count, const char *stage, int epochs);

/* What a file may say: a fraction, a cost that networks have; NaN: it was not asked, or there is none. */
bool record_accuracy_is_possible(double value);
bool record_cost_is_possible(double value);
/* DATA: a task that is done has a number that is impossible, a point without accuracies, a parameter that is no
 * number. */
MUST_CHECK status record_check(const record *r);

/* A record without accuracies: of a task whose outcome nobody asks for. */
record record_empty(record_state state);
/* The same of a task that failed; of `reason` as much as there is room for. */
record record_of_failure(const char *reason);

#endif
