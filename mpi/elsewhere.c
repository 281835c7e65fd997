#define _POSIX_C_SOURCE 200809L
#include "mpi/elsewhere.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/share.h"
#include "mpi/cli/command.h"
#include "mpi/cli/prepare_words.h"

static const char PROGRAM[] = "bitfront-prepare";

static status start(char **argv)
{
    char path[SHARE_PATH];
    if (!share_program(path, PROGRAM))
        return status_fail(STATUS_IO, "cannot find out where this program is, and so not %s beside it", PROGRAM);
    execv(path, argv);
    return status_fail(STATUS_IO, "cannot start %s, which belongs beside bitfront: %s", path, strerror(errno));
}

elsewhere_start *const elsewhere = start;

/* argv[-1] is the name of the program, as cli_run passes what follows it. */
static status run_elsewhere(int argc, char **argv, int *exit_code)
{
    (void)argc;
    (void)exit_code;
    return elsewhere(argv - 1);
}

static const option_spec no_options[] = {OPTIONS_END};

const command command_prepare = {
    .name = "prepare",
    .arguments = PREPARE_ARGUMENTS,
    .summary = PREPARE_SUMMARY,
    .details = "",
    .examples = "",
    .options = no_options,
    .parallel = true,
    .run = run_elsewhere,
};
