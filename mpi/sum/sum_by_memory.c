/* The ranks of one node add each a part of a chunk; nobody waits here, whoever is late is looked for the next time. */
#include <string.h>

#include "core/base/fail_point.h"
#include "mpi/sum/tree_sum.h"

enum { BLOCK = 512, LEVELS = 9 }; /* of the tree over WIRE_MAX_MEMBERS ranks */
_Static_assert(1 << (LEVELS - 1) >= WIRE_MAX_MEMBERS, "a level for every bit of a rank");

static sum_area *own_area(const tree_sum *s)
{
    return s->areas[s->link->rank];
}

static void show(const tree_sum *s, _Atomic uint64_t *word, uint32_t chunks)
{
    atomic_store_explicit(word, (uint64_t)(uint32_t)s->link->assignment << 32 | chunks, memory_order_release);
}

/* Chunks of this assignment, of a rank that is in it; in an earlier one, it has not begun. In a later one, it has left
 * this one and tells no more what stands in its area; but then it has taken what it needed. */
static uint64_t seen(const tree_sum *s, const _Atomic uint64_t *word, uint64_t in_later_assignment)
{
    uint64_t value = atomic_load_explicit(word, memory_order_acquire);
    int32_t ahead = (int32_t)((uint32_t)(value >> 32) - (uint32_t)s->link->assignment);
    return ahead == 0 ? (uint32_t)value : ahead > 0 ? in_later_assignment : 0;
}

void sum_by_memory_begin_assignment(tree_sum *s)
{
    sum_area *own = own_area(s);
    show(s, &own->given, 0);
    show(s, &own->added, 0);
    show(s, &own->taken, 0);
}

/* The chunks that even the last member has given, added or taken. */
static uint64_t least(const tree_sum *s, size_t word_offset, uint64_t in_later_assignment)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < s->link->size; i++) {
        const char *area = (const char *)s->areas[i];
        uint64_t chunks = seen(s, (const _Atomic uint64_t *)(const void *)(area + word_offset), in_later_assignment);
        if (chunks < least) least = chunks;
    }
    return least;
}

static uint64_t given_by_all(const tree_sum *s)
{
    return least(s, offsetof(sum_area, given), 0);
}

static uint64_t added_by_all(const tree_sum *s)
{
    return least(s, offsetof(sum_area, added), 0);
}

static uint64_t taken_by_all(const tree_sum *s)
{
    return least(s, offsetof(sum_area, taken), UINT32_MAX);
}

/* The part of a chunk that a member adds: from here to the start of the next member's. */
static size_t part_start(const tree_sum *s, int member, size_t count)
{
    return count * (size_t)member / (size_t)s->link->size;
}

/* When a sum ends all have taken everything, so each one begins with the first slot. */
static size_t slot_of(const tree_sum *s, uint32_t number)
{
    return (number - s->first) % SUM_SLOTS;
}

static bool give(tree_sum *s)
{
    size_t count;
    const real *values = tree_sum_chunk(s, &s->given, SUM_SLOT_REALS, &count);
    uint32_t number = s->given.number;
    if (values == NULL || number >= taken_by_all(s) + SUM_SLOTS) return false;
    memcpy(own_area(s)->slots[slot_of(s, number)], values, count * sizeof *values);
    fail_message(FAIL_SUM, FAIL_SEND_BEFORE);
    show(s, &own_area(s)->given, number + 1);
    fail_message(FAIL_SUM, FAIL_SEND_AFTER);
    tree_sum_pass(s, &s->given, count);
    return true;
}

/* level[0][0 ... n - 1] := the sum of the values from `first` on in a slot over all members, by the tree: like a binary
 * counter, a level holds the sum of 2^k neighbours. */
static void add_block(const tree_sum *s, size_t slot, size_t first, size_t n, real level[LEVELS][BLOCK])
{
    int top = 0;
    for (int member = 0; member < s->link->size; member++) {
        memcpy(level[top++], s->areas[member]->slots[slot] + first, n * sizeof(real));
        for (int bit = member; (bit & 1) != 0; bit >>= 1) {
            top--;
            for (size_t i = 0; i < n; i++) level[top - 1][i] += level[top][i];
        }
    }
}

static bool add(tree_sum *s)
{
    size_t count;
    const uint32_t number = s->added.number;
    const size_t slot = slot_of(s, number);
    if (tree_sum_chunk(s, &s->added, SUM_SLOT_REALS, &count) == NULL || number >= given_by_all(s)) return false;
    const size_t end = part_start(s, s->link->rank + 1, count);
    real level[LEVELS][BLOCK];
    for (size_t first = part_start(s, s->link->rank, count); first < end; first += BLOCK) {
        size_t n = end - first < BLOCK ? end - first : BLOCK;
        add_block(s, slot, first, n, level);
        memcpy(own_area(s)->slots[slot] + first, level[0], n * sizeof(real));
    }
    show(s, &own_area(s)->added, number + 1);
    tree_sum_pass(s, &s->added, count);
    return true;
}

static bool take(tree_sum *s)
{
    size_t count;
    const uint32_t number = s->taken.number;
    real *values = tree_sum_chunk(s, &s->taken, SUM_SLOT_REALS, &count);
    if (values == NULL || number >= added_by_all(s)) return false;
    for (int member = 0; member < s->link->size; member++) {
        size_t first = part_start(s, member, count), end = part_start(s, member + 1, count);
        memcpy(values + first, s->areas[member]->slots[slot_of(s, number)] + first, (end - first) * sizeof *values);
    }
    show(s, &own_area(s)->taken, number + 1);
    tree_sum_pass(s, &s->taken, count);
    return true;
}

bool sum_by_memory_advance(tree_sum *s)
{
    bool moved = false;
    while (give(s) || add(s) || take(s)) moved = true;
    return moved;
}

/* Also the others need nothing of this rank's area any more: it may go to another assignment, and write there. */
bool sum_by_memory_complete(const tree_sum *s)
{
    return s->taken.part == s->part_count && taken_by_all(s) >= s->taken.number;
}
