#include "core/data/import/audio_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/data/archive.h"
#include "core/data/import/file_list.h"

enum { MAX_PATH = 4096, MOST_BYTES = 1 << 28 };

struct audio_source {
    bool is_folder;
    archive packed;
    const char *root;            /* borrowed */
    folder_entries outer, inner; /* of the root, of one of its folders */
    int next_outer, next_inner;  /* next_inner = inner.count: not within a folder */
    char folder[MAX_PATH], file[MAX_PATH], path[MAX_PATH];
};

/* ---- archives ---- */

/* ".../yes/a.wav" -> "yes", "a.wav" */
static status split_path(audio_source *s, const char *member)
{
    const char *slash = strrchr(member, '/'), *file = slash != NULL ? slash + 1 : member;
    size_t length = slash != NULL ? (size_t)(slash - member) : 0;
    size_t start = length;
    while (start > 0 && member[start - 1] != '/') start--;
    if (length - start >= MAX_PATH || strlen(file) >= MAX_PATH)
        return status_fail(STATUS_DATA, "the path %.60s... is too long", member);
    memcpy(s->folder, member + start, length - start);
    s->folder[length - start] = '\0';
    if (strcmp(s->folder, ".") == 0) s->folder[0] = '\0';
    snprintf(s->file, sizeof s->file, "%s", file);
    return status_ok();
}

/* ---- folders: two levels, ROOT/FILE and ROOT/FOLDER/FILE ---- */

static status join(char out[MAX_PATH], const char *folder, const char *name)
{
    if (snprintf(out, MAX_PATH, "%s/%s", folder, name) < MAX_PATH) return status_ok();
    return status_fail(STATUS_DATA, "the path %.60s... is too long", folder);
}

/* *there = false: what comes next is a folder within a folder, or a folder that was entered. */
static status step(bool *there, audio_source *s)
{
    const bool within = s->next_inner < s->inner.count;
    const char *name = within ? s->inner.names[s->next_inner++] : s->outer.names[s->next_outer++];
    char below[MAX_PATH];
    if (!within) s->folder[0] = '\0';
    TRY(join(below, s->root, s->folder));
    TRY(join(s->path, within ? below : s->root, name));
    *there = !file_is_directory(s->path);
    snprintf(s->file, sizeof s->file, "%s", name);
    if (*there || within) return status_ok();
    snprintf(s->folder, sizeof s->folder, "%s", name);
    folder_free(&s->inner);
    s->inner = (folder_entries){.count = 0};
    s->next_inner = 0;
    return folder_read(&s->inner, s->path);
}

/* ---- both ---- */

status audio_open(audio_source **out, const char *path)
{
    audio_source *s = calloc(1, sizeof *s);
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory to read %.200s", path);
    s->root = path;
    s->is_folder = file_is_directory(path);
    status opened = s->is_folder ? folder_read(&s->outer, path) : archive_open(&s->packed, path);
    if (failed(opened))
        free(s);
    else
        *out = s;
    return opened;
}

void audio_close(audio_source *s)
{
    if (s == NULL) return;
    if (!s->is_folder) archive_close(&s->packed);
    folder_free(&s->outer);
    folder_free(&s->inner);
    free(s);
}

status audio_next(const char **folder, const char **file, audio_source *s)
{
    bool there = false;
    const char *member = NULL;
    if (!s->is_folder) {
        TRY(archive_next(&s->packed, &member));
        if (member != NULL) TRY(split_path(s, member));
        there = member != NULL;
    }
    while (s->is_folder && !there && (s->next_outer < s->outer.count || s->next_inner < s->inner.count))
        TRY(step(&there, s));
    *folder = there ? s->folder : NULL;
    *file = there ? s->file : NULL;
    return status_ok();
}

status audio_bytes(uint8_t **out, size_t *size, audio_source *s)
{
    return s->is_folder ? file_bytes(out, size, s->path, MOST_BYTES) : archive_read(out, size, &s->packed, MOST_BYTES);
}

static status stamp_files(checksum *sum, audio_source *s)
{
    const char *folder, *file;
    for (;;) {
        TRY(audio_next(&folder, &file, s));
        if (file == NULL) return status_ok();
        checksum_add(sum, folder, strlen(folder) + 1);
        checksum_add(sum, file, strlen(file) + 1);
        TRY(file_stamp(sum, s->path));
    }
}

status audio_stamp(checksum *sum, const char *path)
{
    if (!file_is_directory(path)) return file_stamp(sum, path);
    audio_source *s;
    TRY(audio_open(&s, path));
    status stamped = stamp_files(sum, s);
    audio_close(s);
    return stamped;
}
