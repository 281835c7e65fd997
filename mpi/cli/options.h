/* options: command-line options of a subcommand as a table that gives both parsing and help. */
#ifndef MPI_CLI_OPTIONS_H
#define MPI_CLI_OPTIONS_H

#include <stdio.h>

#include "core/base/status.h"

typedef struct {
    char letter;       /* what options_next returns; also "-x" when it is a letter */
    const char *name;  /* "--name" */
    const char *value; /* what to call its value in the help; NULL: takes none */
    const char *help;
} option_spec;

/* The table ends with an entry without name. Every command knows -h, --help besides. */
#define OPTIONS_END                                                                                                    \
    {                                                                                                                  \
        0, NULL, NULL, NULL                                                                                            \
    }

typedef struct {
    const char *command; /* for messages */
    const option_spec *specs;
    int argc;
    char **argv;       /* argv[0] is the command's name */
    const char *value; /* of the option just returned */
} option_parser;

/* argv[0] is skipped. Options and arguments may be mixed. */
option_parser options_start(const char *command, const option_spec *specs, int argc, char **argv);

/* *letter := the next option, 0 at the end; 'h' for help. */
MUST_CHECK status options_next(option_parser *p, int *letter);

/* After the end: the arguments that are not options; fails unless there are exactly `count`, described by `what`. */
MUST_CHECK status options_arguments(const option_parser *p, int count, const char *what, char ***out);

/* After the end: at least `least` arguments, described by `what`. */
MUST_CHECK status options_at_least(const option_parser *p, int least, const char *what, char ***out, int *count);

/* A whole number within [low, high]. */
MUST_CHECK status options_integer(const option_parser *p, const char *name, long low, long high, long *out);

void options_print(FILE *out, const option_spec *specs);

#endif
