/* The importer "tiny_imagenet": the official folder of Tiny ImageNet (Stanford CS231n), or an excerpt whose files lie
 * in one file a split (.jpk: label byte, length as four bytes little-endian, JPEG; one after another). */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/number.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/file_list.h"
#include "core/data/import/import_pictures.h"

enum { MAX_PATH = 4096, MOST_FILE_BYTES = 1 << 28, MOST_PACKED_BYTES = 1 << 30, RECORD_HEAD = 5 };

static const import_key keys[] = {
    {.name = "source",
     .value = "DIR",
     .type = IMPORT_PATH,
     .needed = true,
     .letter = 'i',
     .help = "the unpacked folder tiny-imagenet-200, or one with classes.txt, train.jpk and val.jpk"},
    PICTURE_KEYS,
    DIVISION_KEYS,
    IMPORT_KEYS_END,
};

static status path_in(char out[MAX_PATH], const char *folder, const char *name)
{
    return snprintf(out, MAX_PATH, "%s/%s", folder, name) < MAX_PATH
               ? status_ok()
               : status_fail(STATUS_CONFIG, "path is too long: %.60s...", folder);
}

static picture_job job_of(const import_request *r, const file_list *l)
{
    return (picture_job){.request = r,
                         .kind = "Tiny ImageNet",
                         .source = l->root,
                         .channels = 3, /* a few of the files are grey */
                         .count = l->count,
                         .classes = l->classes,
                         .labels = l->labels,
                         .marks = l->marks,
                         .class_names = (const char *const *)l->class_names,
                         .where = l};
}

/* ---- the official folder ---- */

static status read_listed(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i)
{
    const file_list *l = where;
    if (snprintf(name, PICTURE_NAME, "%s/%s", l->root, l->paths[i]) >= PICTURE_NAME)
        return status_fail(STATUS_DATA, "path is too long: %.60s...", l->paths[i]);
    return file_bytes(bytes, size, name, MOST_FILE_BYTES);
}

/* Calls `take` with each line of the file that is not empty. */
static status each_line(file_list *l, const char *name, status (*take)(file_list *l, char *line))
{
    char path[MAX_PATH], *text, *rest = NULL;
    TRY(path_in(path, l->root, name));
    TRY(file_read_text(&text, path));
    status s = status_ok();
    int number = 0;
    for (char *line = text; line != NULL && !failed(s); line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) *rest++ = '\0';
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '\0') s = status_in(take(l, line), "%.300s:%d", path, number);
    }
    free(text);
    return s;
}

static status take_class(file_list *l, char *line)
{
    if (file_list_class(l, line) >= 0) return status_fail(STATUS_DATA, "class %.60s is there twice", line);
    return file_list_add_class(l, line);
}

/* FILE <tab> CLASS <tab> ... : the official validation images are the test split. */
static status take_annotation(file_list *l, char *line)
{
    char *rest = NULL, *file = strtok_r(line, "\t", &rest), *class_name = strtok_r(NULL, "\t", &rest);
    if (class_name == NULL) return status_fail(STATUS_DATA, "a file, a tab and a class are wanted");
    int label = file_list_class(l, class_name);
    if (label < 0) return status_fail(STATUS_DATA, "%.60s is no class of wnids.txt", class_name);
    char path[MAX_PATH];
    TRY(path_in(path, "val/images", file));
    return file_list_add(l, path, label, SPLIT_TEST);
}

static status list_training(file_list *l, int label)
{
    char below[MAX_PATH], folder[MAX_PATH], path[MAX_PATH];
    folder_entries e;
    if (snprintf(below, sizeof below, "train/%s/images", l->class_names[label]) >= MAX_PATH)
        return status_fail(STATUS_DATA, "path is too long: %.60s...", l->root);
    TRY(path_in(folder, l->root, below));
    TRY(folder_read(&e, folder));
    status s = status_ok();
    for (int i = 0; i < e.count && !failed(s); i++) {
        s = path_in(path, below, e.names[i]);
        if (!failed(s)) s = file_list_add(l, path, label, DIVISION_OPEN);
    }
    folder_free(&e);
    return s;
}

static status import_official(const import_request *r, file_list *l)
{
    TRY(each_line(l, "wnids.txt", take_class));
    for (int k = 0; k < l->classes; k++) TRY(list_training(l, k));
    TRY(each_line(l, "val/val_annotations.txt", take_annotation));
    picture_job job = job_of(r, l);
    job.read = read_listed;
    return import_pictures(&job);
}

/* ---- packed files ---- */

/* The records of both files; the paths of the list stand for nothing but names. */
typedef struct {
    file_list list;
    uint8_t *bytes[2];  /* owned: train.jpk, val.jpk */
    const uint8_t **at; /* (count) */
    uint32_t *sizes;    /* (count) */
} packed;

static status read_record(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i)
{
    const packed *p = where;
    snprintf(name, PICTURE_NAME, "%s of %s", p->list.paths[i], p->list.root);
    *size = p->sizes[i];
    *bytes = malloc(*size + 1);
    if (*bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", name);
    memcpy(*bytes, p->at[i], *size);
    return status_ok();
}

/* Lists the records of a file, and where each begins; with at == NULL only lists. */
static status list_records(packed *p, const uint8_t *bytes, size_t size, const char *name, uint8_t mark)
{
    int number = 0;
    for (size_t at = 0; at < size; number++) {
        char what[128];
        snprintf(what, sizeof what, "record %d of %s", number, name);
        uint32_t length = 0;
        if (size - at >= RECORD_HEAD)
            for (int k = 0; k < 4; k++) length |= (uint32_t)bytes[at + 1 + k] << 8 * k;
        if (size - at < RECORD_HEAD || length > size - at - RECORD_HEAD)
            return status_fail(STATUS_DATA, "%.300s: %s goes beyond the end: the file is incomplete or something else",
                               p->list.root, what);
        if (bytes[at] >= p->list.classes)
            return status_fail(STATUS_DATA, "%.300s: %s has label %d; classes.txt has %d", p->list.root, what,
                               bytes[at], p->list.classes);
        TRY(file_list_add(&p->list, what, bytes[at], mark));
        const uint8_t **places = realloc(p->at, (size_t)p->list.room * sizeof *places);
        if (places != NULL) p->at = places;
        uint32_t *sizes = realloc(p->sizes, (size_t)p->list.room * sizeof *sizes);
        if (sizes != NULL) p->sizes = sizes;
        if (places == NULL || sizes == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of records");
        p->at[p->list.count - 1] = bytes + at + RECORD_HEAD;
        p->sizes[p->list.count - 1] = length;
        at += RECORD_HEAD + length;
    }
    return status_ok();
}

/* LABEL CLASS WORDS, labels counting from 0. */
static status take_numbered(file_list *l, char *line)
{
    char *rest = NULL, *label = strtok_r(line, " \t", &rest), *name = strtok_r(NULL, " \t", &rest);
    int64_t number;
    if (name == NULL || !number_whole(&number, label, l->classes, l->classes))
        return status_fail(STATUS_DATA, "\"%d CLASS WORDS\" is wanted", l->classes);
    return take_class(l, name);
}

static status import_packed(const import_request *r, packed *p)
{
    static const char *const names[2] = {"train.jpk", "val.jpk"};
    TRY(each_line(&p->list, "classes.txt", take_numbered));
    for (int f = 0; f < 2; f++) {
        char path[MAX_PATH];
        size_t size;
        TRY(path_in(path, p->list.root, names[f]));
        TRY(file_bytes(&p->bytes[f], &size, path, MOST_PACKED_BYTES));
        TRY(list_records(p, p->bytes[f], size, names[f], f == 0 ? DIVISION_OPEN : SPLIT_TEST));
    }
    picture_job job = job_of(r, &p->list);
    job.read = read_record;
    job.where = p;
    return import_pictures(&job);
}

static status run(const import_request *r)
{
    char path[MAX_PATH];
    const char *folder = import_text(r, "source");
    packed p = {.at = NULL};
    TRY(path_in(path, folder, "classes.txt"));
    bool is_packed = file_exists(path);
    TRY(path_in(path, folder, "wnids.txt"));
    if (!is_packed && !file_exists(path))
        return status_fail(STATUS_DATA,
                           "%.300s has neither wnids.txt (the official folder, unpacked) nor classes.txt (an excerpt)",
                           folder);
    status s = file_list_start(&p.list, folder);
    if (!failed(s)) s = is_packed ? import_packed(r, &p) : import_official(r, &p.list);
    for (int f = 0; f < 2; f++) free(p.bytes[f]);
    free((void *)p.at);
    free(p.sizes);
    file_list_free(&p.list);
    return s;
}

const importer importer_tiny_imagenet = {
    .name = "tiny_imagenet",
    .summary = "Tiny ImageNet: 64x64 colour images, 200 classes (or an excerpt)",
    .details = "The official validation images are the test split; --validation of the training images are drawn for\n"
               "validation.\n",
    .keys = keys,
    .run = run,
};
