#define _POSIX_C_SOURCE 200809L
#include "core/data/import/audio_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/data/archive.h"
#include "core/data/import/file_list.h"

enum { MAX_PATH = 4096, MOST_BYTES = 1 << 28 };

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ".../yes/a.wav" -> "yes", "a.wav" */
static status split_path(char folder[MAX_PATH], const char **file, const char *member)
{
    const char *slash = strrchr(member, '/');
    *file = slash != NULL ? slash + 1 : member;
    size_t length = slash != NULL ? (size_t)(slash - member) : 0;
    size_t start = length;
    while (start > 0 && member[start - 1] != '/') start--;
    if (length - start >= MAX_PATH) return status_fail(STATUS_DATA, "the path %.60s... is too long", member);
    memcpy(folder, member + start, length - start);
    folder[length - start] = '\0';
    if (strcmp(folder, ".") == 0) folder[0] = '\0';
    return status_ok();
}

static status each_member(archive *a, audio_taker *take, void *to)
{
    const char *member, *file;
    char folder[MAX_PATH];
    for (;;) {
        TRY(archive_next(a, &member));
        if (member == NULL) return status_ok();
        TRY(split_path(folder, &file, member));
        char *name = strdup(file); /* `member` is valid until the next call only */
        uint8_t *bytes;
        size_t size;
        status s = name != NULL ? archive_read(&bytes, &size, a, MOST_BYTES)
                                : status_fail(STATUS_MEMORY, "no memory for the name of a file");
        if (!failed(s)) {
            s = take(to, folder, name, bytes, size);
            free(bytes);
        }
        free(name);
        TRY(s);
    }
}

static status take_file(const char *path, const char *folder, const char *file, audio_taker *take, void *to)
{
    uint8_t *bytes;
    size_t size;
    TRY(file_bytes(&bytes, &size, path, MOST_BYTES));
    status s = take(to, folder, file, bytes, size);
    free(bytes);
    return s;
}

/* Two levels: ROOT/FILE and ROOT/FOLDER/FILE. */
static status each_entry(const char *root, const char *folder, audio_taker *take, void *to)
{
    folder_entries e;
    char path[MAX_PATH];
    TRY(folder_read(&e, root));
    status s = status_ok();
    for (int i = 0; i < e.count && !failed(s); i++) {
        if (snprintf(path, sizeof path, "%s/%s", root, e.names[i]) >= MAX_PATH)
            s = status_fail(STATUS_DATA, "the path %.60s... is too long", root);
        else if (!is_folder(path))
            s = take_file(path, folder, e.names[i], take, to);
        else if (folder[0] == '\0')
            s = each_entry(path, e.names[i], take, to);
    }
    folder_free(&e);
    return s;
}

status audio_source_each(const char *path, audio_taker *take, void *to)
{
    if (is_folder(path)) return each_entry(path, "", take, to);
    archive a;
    TRY(archive_open(&a, path));
    status s = each_member(&a, take, to);
    archive_close(&a);
    return s;
}
