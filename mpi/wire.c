#include "mpi/wire.h"

#include "core/base/fail_point.h"
#include "mpi/agree.h"

static fail_subject subject_of(int tag)
{
    return tag == WIRE_TAG_ORDER ? FAIL_ORDER : tag == WIRE_TAG_STOP ? FAIL_STOP : FAIL_REPORT;
}

status wire_send(MPI_Comm world, int rank, int tag, const void *message, int bytes)
{
    fail_message(subject_of(tag), FAIL_SEND_BEFORE);
    MPI_Request request;
    TRY(mpi_status(MPI_Isend(message, bytes, MPI_BYTE, rank, tag, world, &request), "sending a message"));
    TRY(patience_wait(1, &request, "sending a message"));
    fail_message(subject_of(tag), FAIL_SEND_AFTER);
    return status_ok();
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
