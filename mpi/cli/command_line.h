/* command_line: the command that started this process, to be typed again. */
#ifndef MPI_CLI_COMMAND_LINE_H
#define MPI_CLI_COMMAND_LINE_H

enum { COMMAND_LINE = 4096 };

/* As a shell reads it: what bitfront-run was called with (BITFRONT_COMMAND), or this program with its arguments on that
 * many ranks. argv[0] is the subcommand. Empty when it is too long. */
void command_line_text(char out[COMMAND_LINE], int argc, char *const *argv, int ranks);

/* Where it was started, as a shell reads it; empty when the system does not tell. */
void command_line_folder(char out[COMMAND_LINE]);

#endif
