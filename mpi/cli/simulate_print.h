/* simulate_print: a simulated sweep for people, with a picture, or as one JSON object. */
#ifndef MPI_CLI_SIMULATE_PRINT_H
#define MPI_CLI_SIMULATE_PRINT_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/sweep/simulate.h"
#include "mpi/cli/simulate_options.h"
#include "results/run/run_use.h"

typedef struct {
    const simulate_options *options;
    const simulation *in;
    const simulated_sweep *out;
    int recorded;      /* tasks whose time is known */
    const char *times; /* from this run directory, or NULL */
    run_use real;      /* how that run used its ranks */
} simulate_report;

MUST_CHECK status simulate_print(FILE *out, const simulate_report *r);
void simulate_print_json(FILE *out, const simulate_report *r);

#endif
