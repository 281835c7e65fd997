/* name_list: the lines of a text, to be asked for. */
#ifndef CORE_DATA_IMPORT_NAME_LIST_H
#define CORE_DATA_IMPORT_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct {
    char *text;   /* owned */
    char **names; /* (count), sorted; NULL: there is no list */
    int count;
} name_list;

/* Replaces what was in *out. Empty lines and ends of lines of DOS do not count. */
MUST_CHECK status name_list_make(name_list *out, const uint8_t *bytes, size_t size);
bool name_list_has(const name_list *list, const char *name);
void name_list_free(name_list *list);

#endif
