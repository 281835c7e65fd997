/* inputs: everything a sweep reads: configuration, network, tasks, kernels, cost models, data. Read by rank 0, the same
 * bytes given to all. */
#ifndef MPI_CLI_INPUTS_H
#define MPI_CLI_INPUTS_H

#include <mpi.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/cost/cost_model.h"
#include "core/data/dataset.h"
#include "core/kernels/kernels.h"
#include "core/net/graph/graph.h"
#include "core/task/task.h"
#include "hw_models/registry.h"
#include "mpi/link/shared_data.h"

typedef struct {
    settings settings;
    graph graph; /* owned */
    task *tasks; /* (task_count), owned */
    int task_count;
    const kernel_table *kernels;
    const cost_model *const *cost_models; /* NULL-terminated */
    cost_registry costs;                  /* what cost_models points into: not to be moved */
    dataset data;                         /* a view; empty until inputs_load_data */
    shared_data data_owner;
} sweep_inputs;

/* Owns nothing: may be filled by inputs_read or inputs_share, or freed. */
void inputs_clear(sweep_inputs *out);

/* Local. Reads and checks the configuration with its overrides and the network, lists the tasks, chooses the kernels.
 * The data set is not touched. *out is to be freed also after a failure. */
MUST_CHECK status inputs_read(sweep_inputs *out, const char *path, const char *const *overrides, int override_count);

/* Collective on world. Gives what rank 0 has read to the others, whose *in is overwritten. */
MUST_CHECK status inputs_share(sweep_inputs *in, MPI_Comm world);

/* Collective on world (MPI_COMM_NULL: alone). Loads the data set and checks that it fits the network. */
MUST_CHECK status inputs_load_data(sweep_inputs *in, MPI_Comm world);

/* Collective on the world of inputs_load_data. */
void inputs_free(sweep_inputs *in);

#endif
