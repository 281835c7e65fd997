#include "core/data/import/division.h"

#include <stdlib.h>

#include "core/base/rng.h"
#include "core/data/dataset.h"

typedef struct {
    int32_t label, sample;
    uint64_t key;
} ticket;

static int compare(const void *a, const void *b)
{
    const ticket *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static int part_of(int count, double fraction)
{
    int part = (int)(fraction * count + 0.5);
    return fraction > 0 && part < 1 ? 1 : part;
}

/* tickets[count] of one class, in the order of their keys. */
static status divide_class(uint8_t *marks, const ticket *tickets, int count, const char *name, double validation,
                           double test)
{
    int tested = part_of(count, test), validated = part_of(count, validation);
    if (count - tested - validated < 1)
        return status_fail(STATUS_DATA,
                           "class %.60s has %d samples: too few for %d of test, %d of validation and one to train",
                           name, count, tested, validated);
    for (int i = 0; i < count; i++)
        marks[tickets[i].sample] = i < tested ? SPLIT_TEST : i < tested + validated ? SPLIT_VALIDATION : SPLIT_TRAIN;
    return status_ok();
}

status division_draw(uint8_t *marks, const int32_t *labels, int count, int classes, const char *const *class_names,
                     uint64_t seed, double validation, double test)
{
    ticket *tickets = malloc(((size_t)count + 1) * sizeof *tickets);
    if (tickets == NULL) return status_fail(STATUS_MEMORY, "no memory to divide %d samples", count);
    int open = 0;
    for (int i = 0; i < count; i++) {
        if (marks[i] != DIVISION_OPEN) continue;
        rng_block draw = rng_draw(seed, RNG_SPLIT, (uint32_t)i, 0, 0);
        tickets[open++] = (ticket){labels[i], i, (uint64_t)draw.word[0] << 32 | draw.word[1]};
    }
    qsort(tickets, (size_t)open, sizeof *tickets, compare);
    status s = status_ok();
    for (int first = 0, end; first < open && !failed(s); first = end) {
        int32_t label = tickets[first].label;
        for (end = first; end < open && tickets[end].label == label;) end++;
        if (label < 0 || label >= classes)
            s = status_fail(STATUS_DATA, "label %d is no class", (int)label);
        else
            s = divide_class(marks, tickets + first, end - first, class_names[label], validation, test);
    }
    free(tickets);
    return s;
}
