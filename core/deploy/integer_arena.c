#include "core/deploy/integer_arena.h"

static size_t bytes_of(const integer_tensor *t)
{
    const size_t bytes = integer_tensor_count(t) * integer_type_bytes(t->type);
    return (bytes + INTEGER_ALIGNMENT - 1) / INTEGER_ALIGNMENT * INTEGER_ALIGNMENT;
}

static bool live_together(const integer_tensor *a, const integer_tensor *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which `t` meets no tensor that is placed already. */
static size_t free_offset(const integer_network *n, const bool *placed, const integer_tensor *t)
{
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int k = 0; k < n->tensor_count; k++) {
            const integer_tensor *other = &n->tensors[k];
            if (!placed[k] || !live_together(t, other)) continue;
            if (offset >= other->offset + bytes_of(other) || offset + bytes_of(t) <= other->offset) continue;
            offset = other->offset + bytes_of(other);
            moved = true;
        }
    }
    return offset;
}

void integer_arena_plan(integer_network *n)
{
    bool placed[GRAPH_MAX_LAYERS] = {false};
    n->arena_bytes = 0;
    for (int done = 0; done < n->tensor_count; done++) {
        int next = -1;
        for (int k = 0; k < n->tensor_count; k++)
            if (!placed[k] && (next < 0 || bytes_of(&n->tensors[k]) > bytes_of(&n->tensors[next]))) next = k;
        integer_tensor *t = &n->tensors[next];
        t->offset = free_offset(n, placed, t);
        placed[next] = true;
        if (t->offset + bytes_of(t) > n->arena_bytes) n->arena_bytes = t->offset + bytes_of(t);
    }
}
