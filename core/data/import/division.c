#include "core/data/import/division.h"

#include <stdlib.h>

#include "core/base/rng.h"
#include "core/data/dataset.h"

typedef struct {
    uint64_t key;
    int32_t sample;
} ticket;

static int compare(const void *a, const void *b)
{
    const ticket *x = a, *y = b;
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

/* The open samples, class by class: those of class k are order[starts[k]] ... order[starts[k + 1] - 1]. */
typedef struct {
    int32_t *order;  /* owned */
    int *starts;     /* (classes + 1); owned */
    ticket *tickets; /* room for those of the largest class; owned */
} open_samples;

static void free_open(open_samples *o)
{
    free(o->order);
    free(o->starts);
    free(o->tickets);
}

static status count_open(int *starts, const uint8_t *marks, const int32_t *labels, int count, int classes)
{
    for (int i = 0; i < count; i++) {
        if (marks[i] != DIVISION_OPEN) continue;
        if (labels[i] < 0 || labels[i] >= classes)
            return status_fail(STATUS_DATA, "label %d is no class", (int)labels[i]);
        starts[labels[i] + 1]++;
    }
    return status_ok();
}

static status sort_open(open_samples *o, const uint8_t *marks, const int32_t *labels, int count, int classes)
{
    o->starts = calloc((size_t)classes + 2, sizeof *o->starts);
    if (o->starts == NULL) return status_fail(STATUS_MEMORY, "no memory to divide %d samples", count);
    TRY(count_open(o->starts, marks, labels, count, classes));
    int largest = 0;
    for (int k = 0; k < classes; k++) {
        if (o->starts[k + 1] > largest) largest = o->starts[k + 1];
        o->starts[k + 1] += o->starts[k];
    }
    o->order = malloc(((size_t)o->starts[classes] + 1) * sizeof *o->order);
    o->tickets = malloc(((size_t)largest + 1) * sizeof *o->tickets);
    if (o->order == NULL || o->tickets == NULL)
        return status_fail(STATUS_MEMORY, "no memory to divide %d samples", count);
    for (int i = 0; i < count; i++)
        if (marks[i] == DIVISION_OPEN) o->order[o->starts[labels[i]]++] = i;
    for (int k = classes; k > 0; k--) o->starts[k] = o->starts[k - 1]; /* each had become its end */
    o->starts[0] = 0;
    return status_ok();
}

status division_draw(uint8_t *marks, const int32_t *labels, int count, int classes, const char *const *class_names,
                     uint64_t seed, double validation, double test)
{
    open_samples o = {.order = NULL};
    status s = sort_open(&o, marks, labels, count, classes);
    for (int k = 0; k < classes && !failed(s); k++) {
        const int first = o.starts[k], n = o.starts[k + 1] - first;
        for (int i = 0; i < n; i++) {
            const int32_t sample = o.order[first + i];
            const rng_block draw = rng_draw(seed, RNG_SPLIT, (uint32_t)sample, 0, 0);
            o.tickets[i] = (ticket){(uint64_t)draw.word[0] << 32 | draw.word[1], sample};
        }
        if (n == 0) continue;
        qsort(o.tickets, (size_t)n, sizeof *o.tickets, compare);
        s = divide_class(marks, o.tickets, n, class_names[k], validation, test);
    }
    free_open(&o);
    return s;
}
