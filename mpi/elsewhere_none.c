/* In bitfront-prepare: nothing is elsewhere. */
#include <stddef.h>

#include "mpi/elsewhere.h"

elsewhere_start *const elsewhere = NULL;
