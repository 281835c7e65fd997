/* The importer "tiny_imagenet": the official archive of Tiny ImageNet (Stanford CS231n), or its folder, or an excerpt
 * whose files lie in one file a split (.jpk: label byte, length as four bytes little-endian, JPEG; one after another).
 */
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
#include "core/data/import/member_list.h"

enum { MAX_PATH = 4096, MOST_FILE_BYTES = 1 << 28, MOST_PACKED_BYTES = 1 << 30, RECORD_HEAD = 5 };

static const import_key keys[] = {
    {.name = "source",
     .value = "ZIP|DIR",
     .type = IMPORT_PATH,
     .needed = true,
     .letter = 'i',
     .help = "tiny-imagenet-200.zip, the folder in it, or a folder with classes.txt, train.jpk and val.jpk"},
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

/* Calls `take` with each line of the text that is not empty; `name` is for messages. */
static status each_line(file_list *l, char *text, const char *name, status (*take)(file_list *l, char *line))
{
    char *rest = NULL;
    status s = status_ok();
    int number = 0;
    for (char *line = text; line != NULL && !failed(s); line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) *rest++ = '\0';
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '\0') s = status_in(take(l, line), "%.300s:%d", name, number);
    }
    return s;
}

static status each_line_of(file_list *l, const char *name, status (*take)(file_list *l, char *line))
{
    char path[MAX_PATH], *text;
    TRY(path_in(path, l->root, name));
    TRY(file_read_text(&text, path));
    status s = each_line(l, text, path, take);
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

static status list_official(file_list *l)
{
    TRY(each_line_of(l, "wnids.txt", take_class));
    for (int k = 0; k < l->classes; k++) TRY(list_training(l, k));
    return each_line_of(l, "val/val_annotations.txt", take_annotation);
}

static status stamp_listed(checksum *sum, const void *where)
{
    return file_list_stamp(sum, where);
}

/* ---- the official archive ---- */

typedef struct {
    file_list list;
    member_list members;
    int *places;    /* (list.count) in members; owned */
    char base[128]; /* "tiny-imagenet-200/": what comes before "wnids.txt" */
} zipped;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The pictures for testing have no labels; boxes are not needed. */
static bool is_wanted(const char *name)
{
    return strstr(name, "__MACOSX") == NULL &&
           (strstr(name, "/images/") != NULL || ends_with(name, "wnids.txt") ||
            ends_with(name, "val_annotations.txt")) &&
           strncmp(name, "test/", 5) != 0 && strstr(name, "/test/") == NULL;
}

static status read_member(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i)
{
    const zipped *z = where;
    const member *m = &z->members.members[z->places[i]];
    snprintf(name, PICTURE_NAME, "%.500s in %.600s", m->name, z->list.root);
    *bytes = malloc(m->size + 1);
    if (*bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", name);
    memcpy(*bytes, m->bytes, m->size);
    *size = m->size;
    return status_ok();
}

static status stamp_zipped(checksum *sum, const void *where)
{
    return file_stamp(sum, ((const zipped *)where)->list.root);
}

static status find_base(zipped *z)
{
    for (int i = 0; i < z->members.count; i++) {
        const char *name = z->members.members[i].name;
        const size_t length = strlen(name) - (ends_with(name, "wnids.txt") ? strlen("wnids.txt") : 0);
        if (length == strlen(name) || length >= sizeof z->base || (length > 0 && name[length - 1] != '/')) continue;
        snprintf(z->base, sizeof z->base, "%.*s", (int)length, name);
        return status_ok();
    }
    return status_fail(STATUS_DATA, "%.300s has no wnids.txt: it is not the archive of Tiny ImageNet", z->list.root);
}

static status each_line_in(zipped *z, const char *name, status (*take)(file_list *l, char *line))
{
    char wanted[256], what[MAX_PATH];
    snprintf(wanted, sizeof wanted, "%s%s", z->base, name);
    const int i = member_list_find(&z->members, wanted);
    if (i < 0) return status_fail(STATUS_DATA, "%.300s has no %s", z->list.root, wanted);
    const member *m = &z->members.members[i];
    if (memchr(m->bytes, '\0', m->size) != NULL)
        return status_fail(STATUS_DATA, "%s in %.300s is no text", wanted, z->list.root);
    snprintf(what, sizeof what, "%s in %.2000s", wanted, z->list.root);
    return each_line(&z->list, (char *)m->bytes, what, take);
}

static status list_training_members(zipped *z, int label)
{
    char below[MAX_PATH];
    const char *class_name = z->list.class_names[label];
    snprintf(below, sizeof below, "%strain/%.200s/images/", z->base, class_name);
    int first = member_list_from(&z->members, below), i = first;
    for (; i < z->members.count && strncmp(z->members.members[i].name, below, strlen(below)) == 0; i++)
        TRY(file_list_add(&z->list, z->members.members[i].name + strlen(z->base), label, DIVISION_OPEN));
    if (i > first) return status_ok();
    return status_fail(STATUS_DATA, "%.300s has no pictures of class %.60s below %s", z->list.root, class_name, below);
}

static status find_places(zipped *z)
{
    z->places = malloc(((size_t)z->list.count + 1) * sizeof *z->places);
    if (z->places == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of %d files", z->list.count);
    for (int i = 0; i < z->list.count; i++) {
        char name[MAX_PATH + sizeof z->base];
        snprintf(name, sizeof name, "%s%s", z->base, z->list.paths[i]);
        z->places[i] = member_list_find(&z->members, name);
        if (z->places[i] < 0)
            return status_fail(STATUS_DATA, "%.300s has no %.300s, which val_annotations.txt names", z->list.root,
                               name);
    }
    return status_ok();
}

static status list_zipped(zipped *z)
{
    TRY(member_list_read(&z->members, z->list.root, is_wanted, MOST_PACKED_BYTES));
    TRY(find_base(z));
    TRY(each_line_in(z, "wnids.txt", take_class));
    for (int k = 0; k < z->list.classes; k++) TRY(list_training_members(z, k));
    TRY(each_line_in(z, "val/val_annotations.txt", take_annotation));
    return find_places(z);
}

/* ---- packed files ---- */

static const char *const packed_names[] = {"classes.txt", "train.jpk", "val.jpk"};

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

static status list_packed(packed *p)
{
    TRY(each_line_of(&p->list, packed_names[0], take_numbered));
    for (int f = 0; f < 2; f++) {
        char path[MAX_PATH];
        size_t size;
        TRY(path_in(path, p->list.root, packed_names[f + 1]));
        TRY(file_bytes(&p->bytes[f], &size, path, MOST_PACKED_BYTES));
        TRY(list_records(p, p->bytes[f], size, packed_names[f + 1], f == 0 ? DIVISION_OPEN : SPLIT_TEST));
    }
    return status_ok();
}

static status stamp_packed(checksum *sum, const void *where)
{
    const packed *p = where;
    for (size_t f = 0; f < sizeof packed_names / sizeof *packed_names; f++) {
        char path[MAX_PATH];
        TRY(path_in(path, p->list.root, packed_names[f]));
        TRY(file_stamp(sum, path));
    }
    return status_ok();
}

/* ---- which of the three it is ---- */

static status import_listed(picture_job job, status listed)
{
    TRY(import_ranks_agree(import_who(job.request), listed));
    return import_pictures(&job);
}

static status import_zip(const import_request *r, const char *path)
{
    zipped z = {.places = NULL};
    status s = file_list_start(&z.list, path);
    if (!failed(s)) s = list_zipped(&z);
    picture_job job = job_of(r, &z.list);
    job.read = read_member;
    job.stamp = stamp_zipped;
    job.where = &z;
    s = import_listed(job, s);
    member_list_free(&z.members);
    free(z.places);
    file_list_free(&z.list);
    return s;
}

static status import_packed(const import_request *r, const char *folder)
{
    packed p = {.at = NULL};
    status s = file_list_start(&p.list, folder);
    if (!failed(s)) s = list_packed(&p);
    picture_job job = job_of(r, &p.list);
    job.read = read_record;
    job.stamp = stamp_packed;
    job.where = &p;
    s = import_listed(job, s);
    for (int f = 0; f < 2; f++) free(p.bytes[f]);
    free((void *)p.at);
    free(p.sizes);
    file_list_free(&p.list);
    return s;
}

static status import_official(const import_request *r, const char *folder)
{
    file_list l;
    status s = file_list_start(&l, folder);
    if (!failed(s)) s = list_official(&l);
    picture_job job = job_of(r, &l);
    job.read = read_listed;
    job.stamp = stamp_listed;
    s = import_listed(job, s);
    file_list_free(&l);
    return s;
}

static status run(const import_request *r)
{
    char path[MAX_PATH];
    const char *source = import_text(r, "source");
    if (!file_is_directory(source)) return import_zip(r, source);
    TRY(path_in(path, source, packed_names[0]));
    if (file_exists(path)) return import_packed(r, source);
    TRY(path_in(path, source, "wnids.txt"));
    if (file_exists(path)) return import_official(r, source);
    return status_fail(STATUS_DATA,
                       "%.300s has neither wnids.txt (the official folder, unpacked) nor classes.txt (an excerpt)",
                       source);
}

const importer importer_tiny_imagenet = {
    .name = "tiny_imagenet",
    .summary = "Tiny ImageNet: 64x64 colour images, 200 classes (or an excerpt)",
    .details = "The official validation images are the test split; --validation of the training images are drawn for\n"
               "validation.\n",
    .keys = keys,
    .shared = true,
    .run = run,
};
