#include "mpi/wire.h"

#include "mpi/agree.h"

status wire_send(MPI_Comm world, int rank, int tag, const void *message, int bytes)
{
    MPI_Request request;
    TRY(mpi_status(MPI_Isend(message, bytes, MPI_BYTE, rank, tag, world, &request), "sending a message"));
    return patience_wait(1, &request, "sending a message");
}

status wire_take(bool *taken, MPI_Comm world, int rank, int tag, void *message, int bytes)
{
    int there = 0, size = 0;
    MPI_Status envelope;
    TRY(mpi_status(MPI_Iprobe(rank, tag, world, &there, &envelope), "looking for messages"));
    if (there) {
        TRY(mpi_status(MPI_Get_count(&envelope, MPI_BYTE, &size), "measuring a message"));
        if (size != bytes)
            return status_fail(STATUS_MPI,
                               "message of %d bytes from rank %d where %d are expected: do all nodes run the "
                               "same program?",
                               size, envelope.MPI_SOURCE, bytes);
        MPI_Request request;
        TRY(mpi_status(MPI_Irecv(message, bytes, MPI_BYTE, envelope.MPI_SOURCE, tag, world, &request),
                       "receiving a message"));
        TRY(patience_wait(1, &request, "receiving a message"));
    }
    *taken = there != 0;
    return status_ok();
}
