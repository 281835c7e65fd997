#include "mpi/link/mpi_status.h"

#include <stdbool.h>
#include <string.h>

#include "mpi/link/patience.h"

static const double LONGEST_NAP_SECONDS = 1e-3;

status mpi_status(int code, const char *what)
{
    if (code == MPI_SUCCESS) return status_ok();
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) strcpy(text, "unknown MPI error");
    return status_fail(STATUS_MPI, "%s: %.400s", what, text);
}

status mpi_status_wait(int count, MPI_Request *requests, const char *what)
{
    patience p = {.longest_nap = LONGEST_NAP_SECONDS};
    while (true) {
        int complete = 0;
        TRY(mpi_status(MPI_Testall(count, requests, &complete, MPI_STATUSES_IGNORE), what));
        if (complete) return status_ok();
        patience_pause(&p);
    }
}
