/* trainer_inputs: what a task is trained from. Everything is borrowed by the trainer until trainer_close, except the
 * parents' records (until trainer_open returns). */
#ifndef CORE_TRAIN_TRAINER_INPUTS_H
#define CORE_TRAIN_TRAINER_INPUTS_H

#include "core/config/settings.h"
#include "core/cost/cost_model.h"
#include "core/data/dataset.h"
#include "core/kernels/kernels.h"
#include "core/net/graph/graph.h"
#include "core/net/model/model.h"
#include "core/task/record.h"
#include "core/task/task.h"
#include "core/train/integer_path.h"

typedef struct trainer trainer;
typedef struct task_kind task_kind; /* task_kind.h */

typedef struct {
    const settings *settings;
    const graph *graph;
    const dataset *data;
    const kernel_table *kernels;
    const cost_model *const *cost_models; /* NULL-terminated: all are recorded, the task's own is trained for */
    const task *task;
    const task_kind *kind;        /* of the task */
    const record *const *parents; /* (parent_count), in the order of the task's parents */
    int parent_count;
    const integer_ops *integers; /* NULL: there are none, so that no integer accuracy is recorded */
} trainer_inputs;

#endif
