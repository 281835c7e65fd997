#define _POSIX_C_SOURCE 200809L
#include "core/data/import/name_list.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void name_list_free(name_list *list)
{
    free(list->text);
    free(list->names);
    *list = (name_list){.count = 0};
}

status name_list_make(name_list *out, const uint8_t *bytes, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    name_list_free(out);
    out->text = malloc(size + 1);
    out->names = malloc(lines * sizeof *out->names);
    if (out->text == NULL || out->names == NULL) {
        name_list_free(out);
        return status_fail(STATUS_MEMORY, "no memory for a list of %zu names", lines);
    }
    memcpy(out->text, bytes, size);
    out->text[size] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(out->text, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest))
        out->names[out->count++] = line;
    qsort(out->names, (size_t)out->count, sizeof *out->names, compare);
    return status_ok();
}

bool name_list_has(const name_list *list, const char *name)
{
    char *key = (char *)(uintptr_t)name; /* only compared */
    return list->count > 0 && bsearch(&key, list->names, (size_t)list->count, sizeof *list->names, compare) != NULL;
}
