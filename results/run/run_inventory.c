#define _POSIX_C_SOURCE 200809L
#include "results/run/run_inventory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/run/run_internal.h"

enum { DIGITS = TASK_KEY - 1 };

/* "KEY.h5" */
static bool is_task_file(const char *name)
{
    return strspn(name, "0123456789abcdef") == DIGITS && strcmp(name + DIGITS, ".h5") == 0;
}

static status add(run_inventory *i, int *room, const char *name)
{
    if (i->count == *room) {
        *room = *room > 0 ? 2 * *room : 64;
        char(*more)[TASK_KEY] = realloc(i->keys, (size_t)*room * sizeof *more);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %d results", *room);
        i->keys = more;
    }
    memcpy(i->keys[i->count], name, DIGITS);
    i->keys[i->count++][DIGITS] = '\0';
    return status_ok();
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

status run_inventory_read(run_inventory *out, const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "tasks");
    DIR *listing = opendir(path);
    if (listing == NULL && errno == ENOENT) {
        *out = (run_inventory){NULL, 0};
        return status_ok();
    }
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", path, strerror(errno));
    run_inventory found = {NULL, 0};
    int room = 0;
    status result = status_ok();
    for (const struct dirent *entry; !failed(result) && (entry = readdir(listing)) != NULL;)
        if (is_task_file(entry->d_name)) result = add(&found, &room, entry->d_name);
    closedir(listing);
    if (failed(result)) {
        run_inventory_free(&found);
        return result;
    }
    if (found.count > 0) qsort(found.keys, (size_t)found.count, sizeof *found.keys, by_text);
    *out = found;
    return status_ok();
}

void run_inventory_free(run_inventory *i)
{
    free(i->keys);
    *i = (run_inventory){NULL, 0};
}

int run_inventory_planned(const run_inventory *i, const task_plan *plan)
{
    int planned = 0;
    for (int k = 0; k < i->count; k++) planned += task_plan_find(plan, i->keys[k]) != 0;
    return planned;
}

int run_inventory_find(const run_inventory *i, const char *key)
{
    if (i->count == 0) return -1;
    const char *found = bsearch(key, i->keys, (size_t)i->count, sizeof *i->keys, by_text);
    return found != NULL ? (int)((found - i->keys[0]) / (ptrdiff_t)sizeof *i->keys) : -1;
}

status run_inventory_others(int *out, const run *r, const task_plan *plan)
{
    run_inventory found;
    TRY(run_inventory_read(&found, r));
    *out = found.count - run_inventory_planned(&found, plan);
    run_inventory_free(&found);
    return status_ok();
}

bool run_inventory_checkpoints(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "checkpoints");
    DIR *listing = opendir(path);
    if (listing == NULL) return errno != ENOENT;
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(listing)) != NULL;) found = entry->d_name[0] != '.';
    closedir(listing);
    return found;
}
