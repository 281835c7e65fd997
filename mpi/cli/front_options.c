#include "mpi/cli/front_options.h"

bool front_option(report_options *out, int letter, const char *value)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'c', &out->cost},
                 {'m', &out->metric},
                 {FRONT_CHOOSE, &out->choose},
                 {FRONT_STRATEGY, &out->strategies},
                 {FRONT_COST_MODEL, &out->cost_models},
                 {FRONT_NETWORK, &out->networks},
                 {FRONT_SEED, &out->seeds}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (letter == texts[i].letter) {
            *texts[i].to = value;
            return true;
        }
    if (letter == FRONT_EACH_SEED) out->each_seed = true;
    return letter == FRONT_EACH_SEED;
}
