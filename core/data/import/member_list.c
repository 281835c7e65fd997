#define _POSIX_C_SOURCE 200809L
#include "core/data/import/member_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/archive.h"

void member_list_free(member_list *l)
{
    for (int i = 0; i < l->count; i++) {
        free(l->members[i].name);
        free(l->members[i].bytes);
    }
    free(l->members);
    *l = (member_list){.count = 0};
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static status grow(member_list *l)
{
    if (l->count < l->room) return status_ok();
    int room = 2 * l->room + 1024;
    member *more = realloc(l->members, (size_t)room * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of %d files", room);
    l->members = more;
    l->room = room;
    return status_ok();
}

/* The reader takes memory in large blocks, which would stay mappings of their own when they became smaller: more of
 * them than the system allows. */
static status fit(member *m)
{
    uint8_t *fitting = malloc(m->size + 1);
    if (fitting != NULL) {
        memcpy(fitting, m->bytes, m->size);
        fitting[m->size] = '\0';
    }
    free(m->bytes);
    m->bytes = fitting;
    return fitting != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %s", m->name);
}

/* *left: bytes that are still allowed. */
static status take(member_list *l, archive *a, const char *name, size_t *left)
{
    TRY(grow(l));
    member *m = &l->members[l->count];
    *m = (member){.name = strdup(name)};
    if (m->name == NULL) return status_fail(STATUS_MEMORY, "no memory for the name of a file");
    l->count++;
    TRY(archive_read(&m->bytes, &m->size, a, *left));
    *left -= m->size;
    return fit(m);
}

static status read_all(member_list *l, archive *a, bool (*wanted)(const char *name), size_t left)
{
    for (;;) {
        const char *name;
        TRY(archive_next(a, &name));
        if (name == NULL) break;
        if (wanted(name)) TRY(take(l, a, name, &left));
    }
    if (l->count > 0) qsort(l->members, (size_t)l->count, sizeof *l->members, compare_members);
    for (int i = 1; i < l->count; i++)
        if (strcmp(l->members[i - 1].name, l->members[i].name) == 0)
            return status_fail(STATUS_DATA, "%.300s has the file %.200s twice", a->path, l->members[i].name);
    return status_ok();
}

status member_list_read(member_list *out, const char *path, bool (*wanted)(const char *name), size_t limit)
{
    member_list l = {.count = 0};
    archive a;
    TRY(archive_open(&a, path));
    status s = read_all(&l, &a, wanted, limit);
    archive_close(&a);
    if (failed(s))
        member_list_free(&l);
    else
        *out = l;
    return s;
}

int member_list_from(const member_list *l, const char *name)
{
    int low = 0, high = l->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(l->members[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int member_list_find(const member_list *l, const char *name)
{
    int i = member_list_from(l, name);
    return i < l->count && strcmp(l->members[i].name, name) == 0 ? i : -1;
}
