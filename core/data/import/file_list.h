/* file_list: the files of a folder of folders, with the class and the split that each belongs to. */
#ifndef CORE_DATA_IMPORT_FILE_LIST_H
#define CORE_DATA_IMPORT_FILE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/base/status.h"

typedef struct {
    char *root; /* owned, like all paths and names */
    int count, room;
    char **paths; /* (count), below root */
    int32_t *labels;
    uint8_t *marks; /* split, or DIVISION_OPEN */
    int classes, class_room;
    char **class_names; /* (classes), in increasing byte order when the list was made by scanning */
} file_list;

/* Either CLASS/FILE, or train/CLASS/FILE with any of validation/ (val/, valid/) and test/. Files in the order of
 * splits, classes and names. Hidden files, Thumbs.db and desktop.ini are passed over. STATUS_DATA: no class, an empty
 * one, two that differ in case only, a folder in a class, a class that the training split lacks. */
MUST_CHECK status file_list_scan(file_list *out, const char *root);

/* For lists that are not made by scanning. Copies the texts. */
MUST_CHECK status file_list_start(file_list *out, const char *root);
MUST_CHECK status file_list_add_class(file_list *list, const char *name);
MUST_CHECK status file_list_add(file_list *list, const char *path, int32_t label, uint8_t mark);
/* -1: none. */
int file_list_class(const file_list *list, const char *name);
void file_list_free(file_list *list);

/* Gives the files that the text file `lists` names, one path below root a line, the mark. STATUS_DATA, with the line:
 * not in the list, or named twice. Empty lines are passed over. */
MUST_CHECK status file_list_mark(file_list *list, const char *lists, uint8_t mark);

/* Entries of a folder in increasing byte order, without hidden ones. */
typedef struct {
    char **names; /* owned, each */
    int count;
} folder_entries;
MUST_CHECK status folder_read(folder_entries *out, const char *path);
void folder_free(folder_entries *entries);

/* The bytes of a file of at most `limit`; the caller frees *out. */
MUST_CHECK status file_bytes(uint8_t **out, size_t *size, const char *path, size_t limit);

/* Adds what changes when the file does: its size and the time of its last change. */
MUST_CHECK status file_stamp(checksum *sum, const char *path);
/* Of all files of the list, with their paths below root. */
MUST_CHECK status file_list_stamp(checksum *sum, const file_list *list);

#endif
