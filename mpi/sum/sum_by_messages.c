/* Chunk by chunk, level by level; one exchange is under way at a time. */
#include "core/base/fail_point.h"
#include "mpi/sum/tree_sum.h"

enum { CHUNK = EXCHANGE_BYTES / sizeof(real) };

static status begin_level(tree_sum *s, const real *chunk, size_t count)
{
    fail_message(FAIL_SUM, FAIL_SEND_BEFORE);
    TRY(exchange_swap_begin(s->link, s->link->rank ^ s->bit, chunk, count * sizeof *chunk));
    s->under_way = true;
    fail_message(FAIL_SUM, FAIL_SEND_AFTER);
    return status_ok();
}

/* *blocked: the partner's values have not come yet. */
static status do_level(tree_sum *s, real *chunk, size_t count, bool *blocked)
{
    bool arrived;
    if (!s->under_way) TRY(begin_level(s, chunk, count));
    TRY(exchange_swap_test(s->link, &arrived));
    *blocked = !arrived;
    if (!arrived) return status_ok();
    s->under_way = false;
    s->bit *= 2;
    const real *received = (const real *)(const void *)s->link->received;
    for (size_t i = 0; i < count; i++) chunk[i] += received[i];
    return status_ok();
}

bool sum_by_messages_advance(tree_sum *s)
{
    size_t count;
    real *chunk;
    bool moved = false;
    while ((chunk = tree_sum_chunk(s, &s->sent, CHUNK, &count)) != NULL) {
        bool blocked = false;
        if (s->bit < s->link->size) s->fault = do_level(s, chunk, count, &blocked);
        if (blocked || failed(s->fault)) return moved;
        moved = true;
        if (s->bit < s->link->size) continue;
        s->bit = 1;
        tree_sum_pass(s, &s->sent, count);
    }
    return moved;
}
