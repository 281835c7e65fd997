/* member_list: files of an archive, unpacked into one file beside the output ("OUT.members"), where all ranks find them
 * by their names and read them in any order. In memory: the names and 24 bytes a file. */
#ifndef CORE_DATA_IMPORT_MEMBER_LIST_H
#define CORE_DATA_IMPORT_MEMBER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/import/importer.h"

typedef struct {
    char *name;  /* as in the archive; owned */
    uint64_t at; /* of its bytes in the file */
    uint32_t size;
} member;

typedef struct {
    member *members; /* (count), in increasing byte order of the names; owned */
    int count, room, fd;
    char *path;  /* of the file; owned */
    bool remove; /* on the rank that made it */
} member_list;

/* Collective. Rank 0 unpacks the members of the archive whose names are `wanted`. STATUS_DATA: a name is there twice,
 * or a member has more than 256 MB. */
MUST_CHECK status member_list_read(member_list *out, const import_request *request, const char *archive,
                                   bool (*wanted)(const char *name));
/* Also removes the file, on rank 0. */
void member_list_free(member_list *list);

/* The bytes of member i, and a NUL behind them; the caller frees *out. */
MUST_CHECK status member_bytes(uint8_t **out, size_t *size, const member_list *list, int i);

/* The first member whose name is not before `name`; `count` when there is none. */
int member_list_from(const member_list *list, const char *name);
/* -1: none. */
int member_list_find(const member_list *list, const char *name);

#endif
