#include "mpi/cli/command.h"

#include <stdio.h>

#include "mpi/cli/launcher.h"

void command_help(const command *c)
{
    if (launcher_rank() != 0) return;
    printf("Usage: bitfront %s %s [options]\n\n%s\nOptions:\n", c->name, c->arguments, c->details);
    options_print(stdout, c->options);
    printf("\nExamples:\n%s", c->examples);
}
