/* member_list: files of an archive, read at once into memory and found by their names. */
#ifndef CORE_DATA_IMPORT_MEMBER_LIST_H
#define CORE_DATA_IMPORT_MEMBER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct {
    char *name;     /* as in the archive; owned */
    uint8_t *bytes; /* (size), and a NUL; owned */
    size_t size;
} member;

typedef struct {
    member *members; /* (count), in increasing byte order of the names; owned */
    int count, room;
} member_list;

/* Reads the members whose names are `wanted`; fails above `limit` bytes in all, and when a name is there twice. */
MUST_CHECK status member_list_read(member_list *out, const char *path, bool (*wanted)(const char *name), size_t limit);
void member_list_free(member_list *list);

/* The first member whose name is not before `name`; `count` when there is none. */
int member_list_from(const member_list *list, const char *name);
/* -1: none. */
int member_list_find(const member_list *list, const char *name);

#endif
