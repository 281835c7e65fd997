#include "mpi/sum/tree_sum.h"

#include <assert.h>

#include "mpi/link/patience.h"

static const double LONGEST_NAP_SECONDS = 1e-3;

void tree_sum_open(tree_sum *out, exchange *link, const sum_memory *memory)
{
    *out = (tree_sum){.link = link, .bit = 1};
    if (link->size > 1) out->in_memory = sum_memory_find(out->areas, memory, link->members, link->size);
    if (out->in_memory) sum_by_memory_begin_assignment(out);
}

void tree_sum_begin(tree_sum *s, real *values, size_t count)
{
    assert(count > 0 && s->part_count <= RANKS_SUM_PARTS);
    s->parts[s->part_count].values = values;
    s->parts[s->part_count].count = count;
    s->part_count++;
    (void)tree_sum_advance(s);
}

real *tree_sum_chunk(const tree_sum *s, const sum_place *place, size_t most, size_t *count)
{
    if (place->part == s->part_count) return NULL;
    size_t left = s->parts[place->part].count - place->offset;
    *count = left < most ? left : most;
    return s->parts[place->part].values + place->offset;
}

void tree_sum_pass(const tree_sum *s, sum_place *place, size_t count)
{
    place->number++;
    place->offset += count;
    if (place->offset < s->parts[place->part].count) return;
    place->part++;
    place->offset = 0;
}

bool tree_sum_advance(tree_sum *s)
{
    if (failed(s->fault)) return false;
    return s->in_memory ? sum_by_memory_advance(s) : sum_by_messages_advance(s);
}

static bool complete(const tree_sum *s)
{
    return s->in_memory ? sum_by_memory_complete(s) : s->sent.part == s->part_count;
}

/* To the end, or until the assignment is over. */
static status wait_for_all(tree_sum *s)
{
    patience p = {.longest_nap = LONGEST_NAP_SECONDS};
    while (!complete(s)) {
        if (tree_sum_advance(s)) {
            p = (patience){.longest_nap = LONGEST_NAP_SECONDS};
            continue;
        }
        TRY(s->fault);
        TRY(exchange_check(s->link, "summing over ranks"));
        patience_pause(&p);
    }
    return s->fault;
}

status tree_sum_end(tree_sum *s, real *values, size_t count, status local)
{
    values[count] = failed(local) ? 1 : 0;
    tree_sum_begin(s, values, count + 1);
    TRY(wait_for_all(s));
    s->part_count = s->given.part = s->added.part = s->taken.part = s->sent.part = 0;
    s->first = s->taken.number;
    return values[count] == 0 ? status_ok() : exchange_agree(s->link, local);
}
