#include "mpi/link/wire.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/link/agree.h"

struct wire_parcel {
    wire_parcel *next;
    MPI_Request request;
    char content[];
};

int wire_order_bytes(const wire_order *order)
{
    return (int)(offsetof(wire_order, members) + (size_t)order->member_count * sizeof order->members[0]);
}

/* Frees what has been delivered. */
static void clear_delivered(wire_outbox *box)
{
    for (wire_parcel **at = &box->first; *at != NULL;) {
        wire_parcel *parcel = *at;
        int delivered = 0;
        if (MPI_Test(&parcel->request, &delivered, MPI_STATUS_IGNORE) != MPI_SUCCESS || !delivered) {
            at = &parcel->next;
            continue;
        }
        *at = parcel->next;
        free(parcel);
    }
}

status wire_post(wire_outbox *box, int rank, int tag, const void *message, int bytes)
{
    wire_parcel *parcel = malloc(sizeof *parcel + (size_t)bytes);
    if (parcel == NULL) return status_fail(STATUS_MEMORY, "no memory for a message");
    memcpy(parcel->content, message, (size_t)bytes);
    status sent = mpi_status(MPI_Isend(parcel->content, bytes, MPI_BYTE, rank, tag, box->world, &parcel->request),
                             "sending a message");
    if (failed(sent)) {
        free(parcel);
        return sent;
    }
    parcel->next = box->first;
    box->first = parcel;
    clear_delivered(box);
    return status_ok();
}

void wire_outbox_close(wire_outbox *box)
{
    clear_delivered(box);
    box->first = NULL; /* MPI still reads those: their memory cannot be given back */
}

status wire_take(bool *taken, MPI_Comm world, int rank, int tag, void *message, int least, int most)
{
    int there = 0, size = 0;
    MPI_Status envelope;
    TRY(mpi_status(MPI_Iprobe(rank, tag, world, &there, &envelope), "looking for messages"));
    if (there) {
        TRY(mpi_status(MPI_Get_count(&envelope, MPI_BYTE, &size), "measuring a message"));
        if (size < least || size > most)
            return status_fail(STATUS_MPI,
                               "message of %d bytes from rank %d where %d to %d are expected: do all nodes run the "
                               "same program?",
                               size, envelope.MPI_SOURCE, least, most);
        MPI_Request request;
        TRY(mpi_status(MPI_Irecv(message, size, MPI_BYTE, envelope.MPI_SOURCE, tag, world, &request),
                       "receiving a message"));
        /* Orders and reports are shorter than what Open MPI sends in one piece: all of it has arrived. */
        TRY(patience_wait(1, &request, "receiving a message"));
    }
    *taken = there != 0;
    return status_ok();
}
