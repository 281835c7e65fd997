/* run_places: where the sweeps of this user have left their results, so that the same command in another directory can
 * say where the earlier run lies. Kept in $XDG_STATE_HOME/bitfront/runs (~/.local/state), a line for each run. A
 * convenience: a place that cannot be read or written is passed over in silence. */
#ifndef MPI_CLI_RUN_PLACES_H
#define MPI_CLI_RUN_PLACES_H

#include <stdbool.h>

enum { RUN_PLACE = 4096 };

/* A run of this configuration lies in that directory. */
void run_places_add(const char *config, const char *directory);

/* The latest run of this configuration that is still there; false: none is known. */
bool run_places_find(char out[RUN_PLACE], const char *config);

#endif
