/* export_folder: a folder of files that appears complete or not at all. */
#ifndef CORE_DEPLOY_EXPORT_FOLDER_H
#define CORE_DEPLOY_EXPORT_FOLDER_H

#include <stdio.h>

#include "core/base/status.h"

enum { EXPORT_FILES = 16, EXPORT_PATH = 1024, EXPORT_NAME = 32 };

typedef struct {
    char path[EXPORT_PATH], temporary[EXPORT_PATH + 32]; /* as it will be called, and until then */
    int count;
    char names[EXPORT_FILES][EXPORT_NAME];
} export_folder;

/* Makes a temporary folder beside `path`. CONFIG: `path` is there already, or too long. */
MUST_CHECK status export_folder_open(export_folder *out, const char *path);

/* Path of a new file of that name in the temporary folder, for who writes it. */
const char *export_folder_path(char out[EXPORT_PATH + 64], export_folder *f, const char *name);

MUST_CHECK status export_folder_text(export_folder *f, const char *name, const char *text);
MUST_CHECK status export_folder_bytes(export_folder *f, const char *name, const void *bytes, size_t count);

/* Gives the folder its name. */
MUST_CHECK status export_folder_publish(export_folder *f);

/* Removes what was written; not after export_folder_publish. */
void export_folder_discard(export_folder *f);

/* A text in memory that grows: write to *out, then close. The caller frees *text after a successful close. */
typedef struct {
    FILE *out;
    char *text;
    size_t length;
} export_text;
MUST_CHECK status export_text_open(export_text *t);
MUST_CHECK status export_text_close(export_text *t);

#endif
