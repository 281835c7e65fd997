#define _XOPEN_SOURCE 700
#include "mpi/cli/run_places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

enum { MOST_BYTES = 100000, ENTRY = 2 * PATH_MAX + 4 }; /* a longer record begins anew: old runs are forgotten */

/* False: this user has no home. */
static bool record_path(char out[RUN_PLACE], bool make)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[RUN_PLACE - 16];
    int length;
    if (state != NULL && state[0] == '/')
        length = snprintf(folder, sizeof folder, "%s/bitfront", state);
    else if (home != NULL && home[0] == '/')
        length = snprintf(folder, sizeof folder, "%s/.local/state/bitfront", home);
    else
        return false;
    if (length >= (int)sizeof folder) return false;
    if (make && failed(file_make_directory(folder))) return false;
    snprintf(out, RUN_PLACE, "%s/runs", folder);
    return true;
}

/* "CONFIG\tDIRECTORY\n" with absolute paths. */
static bool entry_of(char out[ENTRY], const char *config, const char *directory)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (realpath(config, from) == NULL || realpath(directory, to) == NULL) return false;
    if (strpbrk(from, "\t\n") != NULL || strpbrk(to, "\t\n") != NULL) return false;
    snprintf(out, ENTRY, "%s\t%s\n", from, to);
    return true;
}

void run_places_add(const char *config, const char *directory)
{
    char path[RUN_PLACE], entry[ENTRY], *text = NULL;
    if (!entry_of(entry, config, directory) || !record_path(path, true)) return;
    if (file_exists(path) && failed(file_read_text(&text, path))) return;
    const bool last =
        text != NULL && strlen(text) >= strlen(entry) && strcmp(text + strlen(text) - strlen(entry), entry) == 0;
    FILE *out = last ? NULL : fopen(path, text != NULL && strlen(text) > MOST_BYTES ? "w" : "a");
    if (out != NULL) {
        fputs(entry, out);
        fclose(out);
    }
    free(text);
}

/* The directory of a line, when it is of that configuration and a run is there. */
static bool is_place(char out[RUN_PLACE], const char *line, size_t length, const char *config)
{
    const size_t name = strlen(config);
    char there[RUN_PLACE + 16];
    if (length <= name + 1 || length - name - 1 >= RUN_PLACE || line[name] != '\t') return false;
    if (strncmp(line, config, name) != 0) return false;
    snprintf(there, sizeof there, "%.*s/config.cfg", (int)(length - name - 1), line + name + 1);
    if (!file_exists(there)) return false;
    snprintf(out, RUN_PLACE, "%.*s", (int)(length - name - 1), line + name + 1);
    return true;
}

bool run_places_find(char out[RUN_PLACE], const char *config)
{
    char path[RUN_PLACE], real[PATH_MAX], *text;
    if (realpath(config, real) == NULL || !record_path(path, false) || !file_exists(path)) return false;
    if (failed(file_read_text(&text, path))) return false;
    bool found = false;
    for (const char *at = text; *at != '\0';) { /* the last one counts */
        const size_t length = strcspn(at, "\n");
        found = is_place(out, at, length, real) || found;
        at += length + (at[length] == '\n');
    }
    free(text);
    return found;
}
