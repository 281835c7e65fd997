/* front_options: what commands that show fronts have in common: which points, and in which light. */
#ifndef MPI_CLI_FRONT_OPTIONS_H
#define MPI_CLI_FRONT_OPTIONS_H

#include <stdbool.h>

#include "mpi/cli/options.h"
#include "results/report/report_data.h"

/* Letters of a command's own options without a letter begin at FRONT_OPTION_END. */
enum {
    FRONT_STRATEGY = 1,
    FRONT_COST_MODEL,
    FRONT_NETWORK,
    FRONT_SEED,
    FRONT_EACH_SEED,
    FRONT_CHOOSE,
    FRONT_OPTION_END
};

#define FRONT_OPTION_SET                                                                                               \
    {'c', "cost", "COLUMN", "cost to draw against, e.g. size_bits (the default)"},                                     \
        {'m', "metric", "COLUMN", "accuracy to show: test_accuracy (the default) or validation_accuracy"},             \
        {FRONT_CHOOSE, "choose", "COLUMN",                                                                             \
         "accuracy to choose by: validation_accuracy (the default) or test_accuracy"},                                 \
        {FRONT_STRATEGY, "strategy", "NAMES", "only these strategies, e.g. joint,fixed"},                              \
        {FRONT_COST_MODEL, "cost-model", "NAMES", "only points trained for these cost models"},                        \
        {FRONT_NETWORK, "network", "NAMES", "only these networks"},                                                    \
        {FRONT_SEED, "seed", "NUMBERS", "only these seeds"},                                                           \
    {                                                                                                                  \
        FRONT_EACH_SEED, "each-seed", NULL, "every seed as a point of its own, no means"                               \
    }

/* True when `letter` is one of them. */
bool front_option(report_options *out, int letter, const char *value);

#endif
