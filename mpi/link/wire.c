#include "mpi/link/wire.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/link/mpi_status.h"
#include "mpi/link/world_internal.h"

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
    status sent = mpi_status(MPI_Isend(parcel->content, bytes, MPI_BYTE, rank, tag, box->world->comm, &parcel->request),
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

struct wire_letter {
    wire_letter *next;
    MPI_Request request;
    int rank, bytes;
    char content[]; /* (most) */
};

wire_inbox wire_inbox_open(const link_world *world, int from, int tag, int least, int most)
{
    return (wire_inbox){.world = world, .from = from, .tag = tag, .least = least, .most = most};
}

/* MPI may still write into what it does not hand back: that memory stays. */
static void drop(wire_letter *letter)
{
    int back = 0;
    MPI_Cancel(&letter->request);
    if (MPI_Test(&letter->request, &back, MPI_STATUS_IGNORE) == MPI_SUCCESS && back)
        free(letter);
    else
        MPI_Request_free(&letter->request);
}

void wire_inbox_close(wire_inbox *box)
{
    while (box->first != NULL) {
        wire_letter *letter = box->first;
        box->first = letter->next;
        drop(letter);
    }
    free(box->spare);
    box->spare = NULL;
}

static wire_letter *new_letter(wire_inbox *box)
{
    wire_letter *letter = box->spare != NULL ? box->spare : malloc(sizeof *letter + (size_t)box->most);
    box->spare = NULL;
    return letter;
}

static void keep_as_spare(wire_inbox *box, wire_letter *letter)
{
    if (box->spare == NULL)
        box->spare = letter;
    else
        free(letter);
}

/* Begins to receive what is announced: *found. */
static status begin_receipt(bool *found, wire_inbox *box)
{
    MPI_Comm world = box->world->comm;
    int there = 0, bytes = 0;
    MPI_Status envelope;
    TRY(mpi_status(
        MPI_Iprobe(box->from == WIRE_ANY_RANK ? MPI_ANY_SOURCE : box->from, box->tag, world, &there, &envelope),
        "looking for messages"));
    *found = there != 0;
    if (!there) return status_ok();
    TRY(mpi_status(MPI_Get_count(&envelope, MPI_BYTE, &bytes), "measuring a message"));
    if (bytes < box->least || bytes > box->most)
        return status_fail(STATUS_MPI,
                           "message of %d bytes from rank %d where %d to %d are expected: do all nodes run the "
                           "same program?",
                           bytes, envelope.MPI_SOURCE, box->least, box->most);
    wire_letter *letter = new_letter(box);
    if (letter == NULL) return status_fail(STATUS_MEMORY, "no memory for a message");
    *letter = (wire_letter){.rank = envelope.MPI_SOURCE, .bytes = bytes};
    status begun =
        mpi_status(MPI_Irecv(letter->content, bytes, MPI_BYTE, letter->rank, box->tag, world, &letter->request),
                   "receiving a message");
    if (failed(begun)) {
        free(letter);
        return begun;
    }
    wire_letter **end = &box->first;
    while (*end != NULL) end = &(*end)->next;
    *end = letter;
    return status_ok();
}

/* An earlier message of the same rank is not complete. */
static bool has_to_wait(const wire_inbox *box, const wire_letter *letter)
{
    for (const wire_letter *earlier = box->first; earlier != letter; earlier = earlier->next)
        if (earlier->rank == letter->rank) return true;
    return false;
}

/* The usual message is complete as soon as it is announced; one that is sent in several pieces is found here again and
 * again. */
static status take_complete(bool *taken, wire_inbox *box, void *message)
{
    for (wire_letter **at = &box->first; *at != NULL; at = &(*at)->next) {
        wire_letter *letter = *at;
        int complete = 0;
        if (has_to_wait(box, letter)) continue;
        TRY(mpi_status(MPI_Test(&letter->request, &complete, MPI_STATUS_IGNORE), "receiving a message"));
        if (!complete) continue;
        memcpy(message, letter->content, (size_t)letter->bytes);
        *at = letter->next;
        keep_as_spare(box, letter);
        *taken = true;
        return status_ok();
    }
    return status_ok();
}

status wire_take(bool *taken, wire_inbox *box, void *message)
{
    *taken = false;
    for (bool found = true; found && !*taken;) {
        TRY(begin_receipt(&found, box));
        TRY(take_complete(taken, box, message));
    }
    return status_ok();
}
