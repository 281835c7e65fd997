#include "mpi/tree_sum.h"

#include <stdlib.h>

#include "core/base/fail_point.h"
#include "mpi/agree.h"

/* Elements exchanged at a time: small enough for the second-level cache, far below the limit of MPI's int counts. */
enum { TREE_SUM_CHUNK = 1 << 17, TREE_SUM_TAG = 1 };

#ifdef BITFRONT_DOUBLE
#define MPI_REAL_TYPE MPI_DOUBLE
#else
#define MPI_REAL_TYPE MPI_FLOAT
#endif

status tree_sum_init(tree_sum *out, MPI_Comm comm)
{
    tree_sum t = {.comm = comm};
    TRY(mpi_status(MPI_Comm_rank(comm, &t.rank), "asking for the group rank"));
    TRY(mpi_status(MPI_Comm_size(comm, &t.size), "asking for the group size"));
    t.partner = malloc(TREE_SUM_CHUNK * sizeof *t.partner);
    if (t.partner == NULL) return status_fail(STATUS_MEMORY, "no memory for the gradient sum");
    *out = t;
    return status_ok();
}

void tree_sum_free(tree_sum *t)
{
    free(t->partner);
    t->partner = NULL;
}

/* values[count] += the partner's values[count], chunk by chunk. */
static status exchange_and_add(tree_sum *t, int partner_rank, real *values, size_t count)
{
    for (size_t done = 0; done < count;) {
        int part = count - done > TREE_SUM_CHUNK ? TREE_SUM_CHUNK : (int)(count - done);
        MPI_Request requests[2];
        TRY(mpi_status(MPI_Irecv(t->partner, part, MPI_REAL_TYPE, partner_rank, TREE_SUM_TAG, t->comm, &requests[0]),
                       "receiving gradients"));
        TRY(mpi_status(MPI_Isend(values + done, part, MPI_REAL_TYPE, partner_rank, TREE_SUM_TAG, t->comm, &requests[1]),
                       "sending gradients"));
        fail_message(FAIL_SUM, FAIL_SEND_BEFORE);
        TRY(patience_wait(2, requests, "summing gradients"));
        fail_message(FAIL_SUM, FAIL_SEND_AFTER);
        for (int i = 0; i < part; i++) values[done + (size_t)i] += t->partner[i];
        done += (size_t)part;
    }
    return status_ok();
}

status tree_sum_values(void *ctx, real *values, size_t count, status local)
{
    tree_sum *t = ctx;
    values[count] = failed(local) ? 1 : 0;
    for (int bit = 1; bit < t->size; bit *= 2) TRY(exchange_and_add(t, t->rank ^ bit, values, count + 1));
    if (values[count] == 0) return status_ok();
    return agree(t->comm, local);
}
