#define _XOPEN_SOURCE 700
#include "core/base/share.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/spelling.h"

/* BITFRONT_SHARE: from the folder of the installed program, e.g. ../share/bitfront. */
static const char *const homes[] = {BITFRONT_SHARE, ".."};

/* The folder of this program; false where the system does not tell. */
static bool program_folder(char out[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (length <= 0) return false;
    out[length] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL) *slash = '\0';
    return slash != NULL;
}

bool share_program(char out[SHARE_PATH], const char *name)
{
    char folder[PATH_MAX];
    return program_folder(folder) && snprintf(out, SHARE_PATH, "%s/%s", folder, name) < SHARE_PATH;
}

bool share_directory(char out[SHARE_PATH])
{
    char folder[PATH_MAX], path[2 * PATH_MAX], real[PATH_MAX];
    if (!program_folder(folder)) return false;
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        snprintf(path, sizeof path, "%s/%s/configs/networks", folder, homes[i]);
        if (!file_is_directory(path)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, homes[i]);
        if (realpath(path, real) != NULL && snprintf(out, SHARE_PATH, "%s", real) < SHARE_PATH) return true;
    }
    return false;
}

bool share_file(char out[SHARE_PATH], const char *given, const char *folder)
{
    char home[SHARE_PATH], path[2 * SHARE_PATH + 32];
    if (given[0] == '\0' || given[0] == '/' || !share_directory(home)) return false;
    if (strchr(given, '/') != NULL)
        snprintf(path, sizeof path, "%s/%.*s", home, SHARE_PATH, given);
    else
        snprintf(path, sizeof path, "%s/configs/%s%s%.*s.cfg", home, folder, folder[0] != '\0' ? "/" : "", SHARE_PATH,
                 given);
    if (strlen(path) >= SHARE_PATH || !file_exists(path) || file_is_directory(path)) return false;
    strcpy(out, path);
    return true;
}

void share_find(char out[SHARE_PATH], const char *given, const char *folder)
{
    if (file_exists(given) || !share_file(out, given, folder)) snprintf(out, SHARE_PATH, "%s", given);
}

bool share_to_here(char out[SHARE_PATH], const char *path)
{
    char home[SHARE_PATH], here[SHARE_PATH];
    if (!share_directory(home) || getcwd(here, sizeof here) == NULL) return false;
    const size_t length = strlen(home);
    if (strncmp(path, home, length) != 0 || path[length] != '/') return false;
    return snprintf(out, SHARE_PATH, "%s%s", strcmp(here, "/") == 0 ? "" : here, path + length) < SHARE_PATH;
}

/* The name in a directory that is nearer to `name` than *best, if there is one. `ending`: not a part of names. */
static void look_for_nearer(char best[NAME_MAX + 1], const char *directory, const char *name, const char *ending)
{
    DIR *listing = opendir(directory);
    if (listing == NULL) return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char there[NAME_MAX + 1];
        snprintf(there, sizeof there, "%s", entry->d_name);
        const size_t length = strlen(there), tail = strlen(ending);
        if (there[0] == '.' || length <= tail || strcmp(there + length - tail, ending) != 0) continue;
        there[length - tail] = '\0';
        if (spelling_nearer(best[0] != '\0' ? best : NULL, there, name) == there) strcpy(best, there);
    }
    closedir(listing);
}

share_hint share_nearest(const char *path, const char *folder)
{
    share_hint hint = {.text = ""};
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char directory[SHARE_PATH], home[SHARE_PATH], came[SHARE_PATH + 64], best[NAME_MAX + 1] = "";
    if (name - path >= SHARE_PATH || name[0] == '\0') return hint;
    snprintf(directory, sizeof directory, "%.*s", (int)(name - path), path);
    look_for_nearer(best, directory[0] != '\0' ? directory : ".", name, "");
    if (slash == NULL && folder != NULL && share_directory(home)) {
        snprintf(came, sizeof came, "%s/configs/%s", home, folder);
        look_for_nearer(best, came, name, ".cfg");
    }
    if (best[0] != '\0') snprintf(hint.text, sizeof hint.text, "; did you mean %.200s%.100s?", directory, best);
    return hint;
}
