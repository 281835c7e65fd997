/* The programs bitfront and bitfront-prepare: their commands, start and end. */
#include "mpi/cli/cli.h"
#include "mpi/cli/exit_code.h"
#include "mpi/cli/process.h"
#include "mpi/cli/stop.h"
#include "mpi/elsewhere.h"
#include "mpi/parallel.h"

static const command *const commands[] = {
    &command_plan,  &command_sweep,  &command_status,  &command_front,   &command_best,  &command_show,
    &command_plot,  &command_report, &command_verdict, &command_prepare, &command_check, &command_cost,
    &command_merge, &command_list,   &command_eval,    &command_export,  &command_bench, NULL};

int main(int argc, char **argv)
{
    const cli_program program = {
        .commands = commands, .mpi = parallel_version(), .share = parallel_share, .elsewhere = elsewhere};
    int exit_code = EXIT_DONE;
    status outcome = process_start();
    if (!failed(outcome)) outcome = stop_at_once();
    if (!failed(outcome)) outcome = cli_run(&program, argc, argv, &exit_code);
    exit_code = process_end(outcome, exit_code);
    parallel_end(exit_code);
    return exit_code;
}
