/* run_internal: what the run_*.c files share. */
#ifndef RESULTS_RUN_RUN_INTERNAL_H
#define RESULTS_RUN_RUN_INTERNAL_H

#include "core/io/h5.h"
#include "results/run/run.h"

enum { RUN_FORMAT = 1, RUN_PATH_BYTES = MAX_PATH_TEXT + 64 };

/* "directory/name". */
void run_path(char out[RUN_PATH_BYTES], const run *r, const char *name);

/* Root attributes of a result file: description, format, configuration, network, data checksum; and the provenance. */
MUST_CHECK status run_write_root(h5_id file, const run *r, const char *description);

/* Opens a task file after checking its seal. */
MUST_CHECK status run_open_task(h5_id *out, const char *path);

#endif
