/* inputs: everything a sweep reads: configuration, network, tasks, kernels, cost models, data. Here by one process for
 * itself; mpi/sweep/inputs_broadcast.h gives what rank 0 has read to all ranks. */
#ifndef MPI_CLI_INPUTS_H
#define MPI_CLI_INPUTS_H

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/cost/cost_model.h"
#include "core/data/dataset.h"
#include "core/kernels/kernels.h"
#include "core/strategy/strategies.h"
#include "hw_models/registry.h"

typedef struct {
    settings settings;
    char *network_text;      /* of the network files (networks_text), owned */
    sweep_networks networks; /* owned */
    char data_checksum[72];  /* "" while there is no data set: then the keys of the tasks are provisional */
    task_plan plan;          /* owned; borrows the members above */
    const kernel_table *kernels;
    const cost_model *const *cost_models; /* NULL-terminated */
    cost_registry costs;                  /* what cost_models points into: not to be moved */
    dataset data;                         /* a view; empty until it is loaded */
    void *data_block;                     /* what it is a view of; owned; NULL: of memory that is not ours */
} sweep_inputs;

/* Owns nothing: may be filled, or freed. */
void inputs_clear(sweep_inputs *out);

/* Reads and checks the configuration with its overrides and the networks, plans the tasks, chooses the kernels. Of
 * the data set only the checksum is read, if it exists. *out is to be freed also after a failure. */
MUST_CHECK status inputs_read(sweep_inputs *out, const char *path, const char *const *overrides, int override_count);

/* Makes the networks of their texts, plans the tasks of the settings, lists their cost models and takes the kernels of
 * that name (NULL: the best of this processor, or BITFRONT_ISA). Part of inputs_read. */
MUST_CHECK status inputs_complete(sweep_inputs *in, const char *kernels);

/* Loads the data set and checks that it fits the networks. */
MUST_CHECK status inputs_load_data(sweep_inputs *in);
/* What is odd about a loaded data set but no error: made by another program, classes without samples. */
void inputs_note_data(FILE *out, const dataset *d, const char *path);

/* The same of the settings: rates that were found to destroy a network, searches that may keep an early epoch. */
void inputs_note_settings(FILE *out, const sweep_inputs *in);

/* The check alone; and that of one network with a data set, which messages call `path`. */
MUST_CHECK status inputs_check_fit(const sweep_inputs *in);
MUST_CHECK status inputs_check_network(const graph *g, const dataset *d, const char *path);

/* The kernels of that name, or (NULL) of BITFRONT_ISA, or the best of this processor. */
MUST_CHECK status inputs_choose_kernels(const kernel_table **out, const char *name);

/* The data set of a file; the caller frees *block, into which *view points. */
MUST_CHECK status inputs_load_dataset(void **block, dataset *view, const char *path);

void inputs_free(sweep_inputs *in);

#endif
