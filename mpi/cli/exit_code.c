#include "mpi/cli/exit_code.h"

int exit_code_of(status outcome)
{
    switch (outcome.code) {
    case STATUS_OK:
        return EXIT_DONE;
    case STATUS_CONFIG:
    case STATUS_DATA:
        return EXIT_USAGE;
    case STATUS_NUMERIC:
        return EXIT_TASKS_FAILED;
    case STATUS_STOPPED:
        return EXIT_STOPPED;
    case STATUS_MEMORY:
    case STATUS_IO:
    case STATUS_MPI:
    case STATUS_LOST:
        break;
    }
    return EXIT_MACHINE;
}
