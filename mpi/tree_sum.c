#include "mpi/tree_sum.h"

#include "core/base/fail_point.h"

enum { CHUNK = EXCHANGE_BYTES / sizeof(real) };

/* values[count] += the partner's values[count], chunk by chunk. */
static status exchange_and_add(exchange *x, int partner, real *values, size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t part = count - done > CHUNK ? CHUNK : count - done;
        fail_message(FAIL_SUM, FAIL_SEND_BEFORE);
        TRY(exchange_swap(x, partner, values + done, part * sizeof *values));
        fail_message(FAIL_SUM, FAIL_SEND_AFTER);
        const real *received = (const real *)x->received;
        for (size_t i = 0; i < part; i++) values[done + i] += received[i];
        done += part;
    }
    return status_ok();
}

status tree_sum_values(exchange *x, real *values, size_t count, status local)
{
    values[count] = failed(local) ? 1 : 0;
    for (int bit = 1; bit < x->size; bit *= 2) TRY(exchange_and_add(x, x->rank ^ bit, values, count + 1));
    return values[count] == 0 ? status_ok() : exchange_agree(x, local);
}
