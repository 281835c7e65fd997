#include "results/file/record_same.h"

#include <stdio.h>
#include <string.h>

#include "results/file/task_file.h"

/* A list of names that grows; names that do not fit are left out. */
typedef struct {
    char *text;
    size_t room;
    int count;
} name_list;

static void add(name_list *list, const char *folder, const char *name)
{
    size_t used = strlen(list->text), more = strlen(folder) + strlen(name) + 2;
    if (used + more < list->room)
        snprintf(list->text + used, list->room - used, "%s%s%s", used > 0 ? ", " : "", folder, name);
    list->count++;
}

/* What may differ between two runs of a task: time, and the place in a plan. */
static bool may_differ(const field *f)
{
    return strcmp(f->name, "seconds") == 0 || strcmp(f->name, "id") == 0;
}

/* What an earlier version did not ask is not another answer. */
static bool was_asked(const field *f, const record *r)
{
    return f->absent == NULL || strcmp(r->integer_reason, RECORD_INTEGER_UNKNOWN) != 0;
}

static void compare_heads(name_list *list, const record *a, const record *b)
{
    for (int i = 0; i < task_file_columns.count; i++) {
        const field *f = &task_file_columns.fields[i];
        if (may_differ(f) || !was_asked(f, a) || !was_asked(f, b)) continue;
        if (!field_equal(f, a, b)) add(list, "", f->name);
    }
    if (a->cost_count != b->cost_count) add(list, "", "costs");
    for (int i = 0; i < a->cost_count && i < b->cost_count; i++) {
        const record_cost *x = &a->costs[i], *y = &b->costs[i];
        if (strcmp(x->name, y->name) != 0 || memcmp(&x->value, &y->value, sizeof x->value) != 0)
            add(list, "costs/", x->name);
    }
}

static void compare_curves(name_list *list, const record *a, const record *b)
{
    if (a->epoch_count != b->epoch_count) {
        add(list, "", "curve");
        return;
    }
    for (int i = 0; i < task_file_epoch_columns.count; i++) {
        const field *f = &task_file_epoch_columns.fields[i];
        bool same = true;
        for (int e = 0; e < a->epoch_count && same; e++) same = field_equal(f, &a->curve[e], &b->curve[e]);
        if (!same && !may_differ(f)) add(list, "curve/", f->name);
    }
}

static void compare_allocations(name_list *list, const record *a, const record *b)
{
    if (a->allocation_count != b->allocation_count) add(list, "", "allocation");
    for (int i = 0; i < a->allocation_count && i < b->allocation_count; i++) {
        const record_allocation *x = &a->allocations[i], *y = &b->allocations[i];
        if (strcmp(x->layer, y->layer) != 0 || x->channels != y->channels || x->input_bits != y->input_bits ||
            memcmp(x->bits, y->bits, (size_t)x->channels) != 0)
            add(list, "allocation/", x->layer);
    }
}

static bool same_tensor(const record_tensor *x, const record_tensor *y)
{
    if (strcmp(x->name, y->name) != 0 || x->rank != y->rank) return false;
    size_t count = 1;
    for (int d = 0; d < x->rank; d++) {
        if (x->dims[d] != y->dims[d]) return false;
        count *= x->dims[d];
    }
    return memcmp(x->data, y->data, count * sizeof *x->data) == 0;
}

static void compare_tensors(name_list *list, const record *a, const record *b)
{
    if (a->tensor_count != b->tensor_count) add(list, "", "model");
    for (int i = 0; i < a->tensor_count && i < b->tensor_count; i++)
        if (!same_tensor(&a->tensors[i], &b->tensors[i])) add(list, "model/", a->tensors[i].name);
}

bool record_same(char *differing, size_t room, const record *a, const record *b)
{
    name_list list = {.text = differing, .room = room};
    differing[0] = '\0';
    compare_heads(&list, a, b);
    compare_curves(&list, a, b);
    compare_allocations(&list, a, b);
    compare_tensors(&list, a, b);
    return list.count == 0;
}
