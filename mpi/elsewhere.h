/* elsewhere: what another program of ours does. Loading the libraries that read pictures, sounds and archives is
 * a third of a short command, and only prepare needs them: it is the program bitfront-prepare, which stands beside
 * bitfront, has every command in full, and takes its place. */
#ifndef MPI_ELSEWHERE_H
#define MPI_ELSEWHERE_H

#include "core/base/status.h"

/* NULL in bitfront-prepare. argv[argc] is NULL, argv[0] the name of the program. Returns only when it failed. */
typedef status elsewhere_start(char **argv);
extern elsewhere_start *const elsewhere;

#endif
