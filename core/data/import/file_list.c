#define _POSIX_C_SOURCE 200809L
#include "core/data/import/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"

enum { MAX_PATH = 4096, MOST_FILES = 1 << 28 };

/* ---- folders and files ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_litter(const char *name)
{
    return name[0] == '.' || strcasecmp(name, "thumbs.db") == 0 || strcasecmp(name, "desktop.ini") == 0;
}

static status add_entry(folder_entries *e, int *room, const char *name)
{
    if (e->count == *room) {
        char **more = realloc(e->names, (size_t)(*room = 2 * *room + 64) * sizeof *more);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for the names of %d files", *room);
        e->names = more;
    }
    e->names[e->count] = strdup(name);
    if (e->names[e->count] == NULL) return status_fail(STATUS_MEMORY, "no memory for the name of a file");
    e->count++;
    return status_ok();
}

void folder_free(folder_entries *e)
{
    for (int i = 0; i < e->count; i++) free(e->names[i]);
    free(e->names);
    *e = (folder_entries){.count = 0};
}

status folder_read(folder_entries *out, const char *path)
{
    folder_entries e = {.count = 0};
    int room = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) return status_fail(STATUS_IO, "cannot open the folder %s: %s", path, strerror(errno));
    status s = status_ok();
    for (struct dirent *entry; !failed(s) && (errno = 0, entry = readdir(folder)) != NULL;)
        if (!is_litter(entry->d_name)) s = add_entry(&e, &room, entry->d_name);
    if (!failed(s) && errno != 0) s = status_fail(STATUS_IO, "cannot read the folder %s: %s", path, strerror(errno));
    closedir(folder);
    if (failed(s)) {
        folder_free(&e);
        return s;
    }
    if (e.count > 0) qsort(e.names, (size_t)e.count, sizeof *e.names, compare_names);
    *out = e;
    return s;
}

status file_bytes(uint8_t **out, size_t *size, const char *path, size_t limit)
{
    struct stat info;
    TRY(file_check_plain(path));
    FILE *file = fopen(path, "rb");
    if (file == NULL) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    status s = status_ok();
    uint8_t *bytes = NULL;
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode))
        s = status_fail(STATUS_DATA, "%s is no plain file", path);
    else if ((uint64_t)info.st_size > limit)
        s = status_fail(STATUS_DATA, "%s has %lld bytes; at most %zu are read", path, (long long)info.st_size, limit);
    else if ((bytes = malloc((size_t)info.st_size + 1)) == NULL)
        s = status_fail(STATUS_MEMORY, "no memory for the %lld bytes of %s", (long long)info.st_size, path);
    else if ((*size = fread(bytes, 1, (size_t)info.st_size, file)) != (size_t)info.st_size)
        s = status_fail(STATUS_IO, "cannot read %s: %s", path, ferror(file) ? strerror(errno) : "it became shorter");
    fclose(file);
    if (failed(s))
        free(bytes);
    else
        *out = bytes;
    return s;
}

status file_stamp(checksum *sum, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return status_fail(STATUS_IO, "cannot look at %s: %s", path, strerror(errno));
    const int64_t numbers[3] = {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    checksum_add(sum, numbers, sizeof numbers);
    return status_ok();
}

/* ---- the list ---- */

status file_list_start(file_list *out, const char *root)
{
    *out = (file_list){.root = strdup(root)};
    return out->root != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for a list of files");
}

void file_list_free(file_list *l)
{
    for (int i = 0; i < l->count; i++) free(l->paths[i]);
    for (int k = 0; k < l->classes; k++) free(l->class_names[k]);
    free(l->paths);
    free(l->labels);
    free(l->marks);
    free(l->class_names);
    free(l->root);
    *l = (file_list){.root = NULL};
}

int file_list_class(const file_list *l, const char *name)
{
    for (int k = 0; k < l->classes; k++)
        if (strcmp(l->class_names[k], name) == 0) return k;
    return -1;
}

status file_list_add_class(file_list *l, const char *name)
{
    if (l->classes == DATASET_MAX_CLASSES)
        return status_fail(STATUS_DATA, "%.300s has more than %d classes", l->root, DATASET_MAX_CLASSES);
    if (l->class_names == NULL) l->class_names = calloc(DATASET_MAX_CLASSES, sizeof *l->class_names);
    char *copy = l->class_names != NULL ? strdup(name) : NULL;
    if (copy == NULL) return status_fail(STATUS_MEMORY, "no memory for the names of classes");
    l->class_names[l->classes++] = copy;
    return status_ok();
}

static bool grow(file_list *l)
{
    int room = 2 * l->room + 1024;
    char **paths = realloc(l->paths, (size_t)room * sizeof *paths);
    if (paths != NULL) l->paths = paths;
    int32_t *labels = realloc(l->labels, (size_t)room * sizeof *labels);
    if (labels != NULL) l->labels = labels;
    uint8_t *marks = realloc(l->marks, (size_t)room);
    if (marks != NULL) l->marks = marks;
    if (paths == NULL || labels == NULL || marks == NULL) return false;
    l->room = room;
    return true;
}

status file_list_add(file_list *l, const char *path, int32_t label, uint8_t mark)
{
    if (l->count == MOST_FILES) return status_fail(STATUS_DATA, "%.300s has more than %d files", l->root, MOST_FILES);
    char *copy = strdup(path);
    if (copy == NULL || (l->count == l->room && !grow(l))) {
        free(copy);
        return status_fail(STATUS_MEMORY, "no memory for a list of %d files", l->count + 1);
    }
    l->paths[l->count] = copy;
    l->labels[l->count] = label;
    l->marks[l->count++] = mark;
    return status_ok();
}

status file_list_stamp(checksum *sum, const file_list *l)
{
    for (int i = 0; i < l->count; i++) {
        char path[MAX_PATH];
        if (snprintf(path, sizeof path, "%s/%s", l->root, l->paths[i]) >= MAX_PATH)
            return status_fail(STATUS_DATA, "path is too long: %.60s...", l->paths[i]);
        checksum_add(sum, l->paths[i], strlen(l->paths[i]) + 1);
        TRY(file_stamp(sum, path));
    }
    return status_ok();
}

/* ---- scanning ---- */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ROOT/PART/NAME, or ROOT/NAME without a part. */
static status join(char out[MAX_PATH], const char *root, const char *part, const char *name)
{
    int used = part[0] != '\0' ? snprintf(out, MAX_PATH, "%s/%s/%s", root, part, name)
                               : snprintf(out, MAX_PATH, "%s/%s", root, name);
    return used < MAX_PATH ? status_ok() : status_fail(STATUS_DATA, "path is too long: %.60s...", root);
}

static status scan_class(file_list *l, const char *part, const char *name, int32_t label, uint8_t mark)
{
    char folder[MAX_PATH], path[MAX_PATH], below[MAX_PATH];
    folder_entries e;
    TRY(join(folder, l->root, part, name));
    TRY(folder_read(&e, folder));
    status s =
        e.count > 0 ? status_ok() : status_fail(STATUS_DATA, "the folder %.400s of class %.60s is empty", folder, name);
    for (int i = 0; i < e.count && !failed(s); i++) {
        s = join(path, folder, "", e.names[i]);
        if (!failed(s) && is_folder(path))
            s = status_fail(
                STATUS_DATA,
                "%.400s is a folder where pictures are expected: ROOT/CLASS/FILE or ROOT/train/CLASS/FILE is "
                "wanted",
                path);
        if (!failed(s)) s = part[0] != '\0' ? join(below, part, name, e.names[i]) : join(below, name, "", e.names[i]);
        if (!failed(s)) s = file_list_add(l, below, label, mark);
    }
    folder_free(&e);
    return s;
}

/* The classes of a part in *e: its folders. */
static status read_classes(folder_entries *e, const file_list *l, const char *part)
{
    char folder[MAX_PATH], path[MAX_PATH];
    TRY(join(folder, l->root, part, "."));
    folder[strlen(folder) - 2] = '\0';
    TRY(folder_read(e, folder));
    int kept = 0;
    for (int i = 0; i < e->count; i++) {
        bool keep = !failed(join(path, folder, "", e->names[i])) && is_folder(path);
        if (keep)
            e->names[kept++] = e->names[i];
        else
            free(e->names[i]);
    }
    e->count = kept;
    for (int i = 0; i < kept; i++)
        for (int j = 0; j < i; j++)
            if (strcasecmp(e->names[i], e->names[j]) == 0)
                return status_fail(
                    STATUS_DATA,
                    "%.300s has the folders %.60s and %.60s, which differ in case only: one class, or two? "
                    "Rename one",
                    folder, e->names[j], e->names[i]);
    if (kept >= 2) return status_ok();
    return status_fail(STATUS_DATA,
                       "%.300s has %d folders; it should have one for each class, at least two: ROOT/CLASS/FILE or "
                       "ROOT/train/CLASS/FILE",
                       folder, kept);
}

static status scan_part(file_list *l, const char *part, uint8_t mark, bool defines)
{
    folder_entries e = {.count = 0};
    status s = read_classes(&e, l, part);
    for (int k = 0; k < e.count && !failed(s); k++) {
        if (defines) s = file_list_add_class(l, e.names[k]);
        int label = file_list_class(l, e.names[k]);
        if (!failed(s) && label < 0)
            s = status_fail(STATUS_DATA, "%.200s/%s has the class %.60s, which train does not have", l->root, part,
                            e.names[k]);
        if (!failed(s)) s = scan_class(l, part, e.names[k], label, mark);
    }
    folder_free(&e);
    return s;
}

static bool has_part(const file_list *l, const char *part)
{
    char path[MAX_PATH];
    return !failed(join(path, l->root, "", part)) && is_folder(path);
}

static status scan(file_list *l)
{
    static const struct {
        const char *name;
        uint8_t mark;
    } parts[] = {
        {"val", SPLIT_VALIDATION}, {"valid", SPLIT_VALIDATION}, {"validation", SPLIT_VALIDATION}, {"test", SPLIT_TEST}};
    if (!is_folder(l->root)) return status_fail(STATUS_CONFIG, "%.300s is not a folder", l->root);
    if (!has_part(l, "train")) return scan_part(l, "", DIVISION_OPEN, true);
    bool seen[SPLIT_COUNT] = {false};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!has_part(l, parts[i].name)) continue;
        if (seen[parts[i].mark])
            return status_fail(STATUS_DATA, "%.300s has more than one folder for validation", l->root);
        seen[parts[i].mark] = true;
    }
    bool complete = seen[SPLIT_VALIDATION] && seen[SPLIT_TEST];
    TRY(scan_part(l, "train", complete ? SPLIT_TRAIN : DIVISION_OPEN, true));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (has_part(l, parts[i].name)) TRY(scan_part(l, parts[i].name, parts[i].mark, false));
    return status_ok();
}

status file_list_scan(file_list *out, const char *root)
{
    file_list list;
    TRY(file_list_start(&list, root));
    status s = scan(&list);
    if (failed(s))
        file_list_free(&list);
    else
        *out = list;
    return s;
}

/* ---- official lists ---- */

static int compare_places(const void *a, const void *b)
{
    return strcmp(**(char **const *)a, **(char **const *)b);
}

static status mark_line(file_list *l, char **const *sorted, const char *line, int number, const char *lists,
                        uint8_t mark)
{
    char *const wanted = (char *)(uintptr_t)line, *const *key = &wanted;
    char ***found = bsearch(&key, sorted, (size_t)l->count, sizeof *sorted, compare_places);
    if (found == NULL)
        return status_fail(STATUS_DATA, "%.200s:%d: there is no file %.200s in %.100s", lists, number, line, l->root);
    int i = (int)(*found - l->paths);
    if (l->marks[i] != DIVISION_OPEN)
        return status_fail(STATUS_DATA, "%.200s:%d: %.200s is in a split already", lists, number, line);
    l->marks[i] = mark;
    return status_ok();
}

status file_list_mark(file_list *l, const char *lists, uint8_t mark)
{
    char *text, *rest = NULL;
    char ***sorted = malloc(((size_t)l->count + 1) * sizeof *sorted);
    if (sorted == NULL) return status_fail(STATUS_MEMORY, "no memory to sort %d paths", l->count);
    status s = file_read_text(&text, lists);
    if (failed(s)) {
        free(sorted);
        return s;
    }
    for (int i = 0; i < l->count; i++) sorted[i] = &l->paths[i];
    qsort(sorted, (size_t)l->count, sizeof *sorted, compare_places);
    int number = 0;
    for (char *line = text; line != NULL && !failed(s); line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) *rest++ = '\0';
        number++;
        size_t length = strlen(line);
        while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' ')) line[--length] = '\0';
        if (length > 0) s = mark_line(l, (char **const *)sorted, line, number, lists, mark);
    }
    free(text);
    free(sorted);
    return s;
}
