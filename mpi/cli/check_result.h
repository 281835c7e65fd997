/* check_result: is a result file what results/SCHEMA.md says: a task file, results.h5, a checkpoint? For bitfront
 * check; changes nothing. */
#ifndef MPI_CLI_CHECK_RESULT_H
#define MPI_CLI_CHECK_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

/* *is_result: the file is one of the three, by what is in it (false: something else, say a data set; nothing was
 * checked). Prints a line when it is in order; DATA, with what is wrong, when it is not. */
MUST_CHECK status check_result_file(bool *is_result, const char *path);

/* results.h5 alone; *rows := how many points it has. copies: also those of the tasks, which takes as long as reading
 * their files. */
MUST_CHECK status check_results_file(size_t *rows, const char *path, bool copies);

#endif
