/* The importer "tiny_imagenet": the official archive of Tiny ImageNet (Stanford CS231n), or its folder, or an excerpt
 * whose files lie in one file a split (.jpk: label byte, length as four bytes little-endian, JPEG; one after another).
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/number.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/file_list.h"
#include "core/data/import/import_pictures.h"
#include "core/data/import/member_list.h"

enum { MAX_PATH = 4096, MOST_FILE_BYTES = 1 << 28, RECORD_HEAD = 5 };

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
    snprintf(name, PICTURE_NAME, "%.500s in %.600s", z->members.members[z->places[i]].name, z->list.root);
    return member_bytes(bytes, size, &z->members, z->places[i]);
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
    uint8_t *text;
    size_t size;
    TRY(member_bytes(&text, &size, &z->members, i));
    snprintf(what, sizeof what, "%s in %.2000s", wanted, z->list.root);
    status s = memchr(text, '\0', size) == NULL
                   ? each_line(&z->list, (char *)text, what, take)
                   : status_fail(STATUS_DATA, "%s in %.300s is no text", wanted, z->list.root);
    free(text);
    return s;
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
    TRY(find_base(z));
    TRY(each_line_in(z, "wnids.txt", take_class));
    for (int k = 0; k < z->list.classes; k++) TRY(list_training_members(z, k));
    TRY(each_line_in(z, "val/val_annotations.txt", take_annotation));
    return find_places(z);
}

/* ---- packed files ---- */

static const char *const packed_names[] = {"classes.txt", "train.jpk", "val.jpk"};

/* Where the picture of a record is. */
typedef struct {
    uint64_t at;
    uint32_t size;
    uint8_t file; /* 0 or 1 */
} record_place;

/* The records of both files; the paths of the list stand for nothing but names. */
typedef struct {
    file_list list;
    record_place *places; /* (count); owned */
    int fds[2];           /* owned: train.jpk, val.jpk; -1: not open */
} packed;

static status read_at(void *out, size_t bytes, const packed *p, int file, uint64_t at)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(p->fds[file], (char *)out + done, bytes - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return status_fail(STATUS_IO, "cannot read %s of %.300s: %s", packed_names[file + 1], p->list.root,
                               strerror(errno));
        if (got == 0)
            return status_fail(STATUS_DATA, "%s of %.300s has become shorter", packed_names[file + 1], p->list.root);
        done += (size_t)got;
    }
    return status_ok();
}

static status read_record(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i)
{
    const packed *p = where;
    const record_place *r = &p->places[i];
    snprintf(name, PICTURE_NAME, "%s of %s", p->list.paths[i], p->list.root);
    uint8_t *picture = malloc((size_t)r->size + 1);
    if (picture == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", name);
    status s = read_at(picture, r->size, p, r->file, r->at);
    if (failed(s)) {
        free(picture);
        return s;
    }
    *bytes = picture;
    *size = r->size;
    return s;
}

static status add_record(packed *p, const char *what, int label, int file, uint64_t at, uint32_t size)
{
    TRY(file_list_add(&p->list, what, label, file == 0 ? DIVISION_OPEN : SPLIT_TEST));
    record_place *places = realloc(p->places, (size_t)p->list.room * sizeof *places);
    if (places == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of records");
    p->places = places;
    places[p->list.count - 1] = (record_place){at, size, (uint8_t)file};
    return status_ok();
}

/* Lists the records of a file, and where each begins. */
static status list_records(packed *p, int file, uint64_t size)
{
    int number = 0;
    for (uint64_t at = 0; at < size; number++) {
        char what[128];
        uint8_t head[RECORD_HEAD] = {0};
        uint32_t length = 0;
        snprintf(what, sizeof what, "record %d of %s", number, packed_names[file + 1]);
        if (size - at >= RECORD_HEAD) TRY(read_at(head, sizeof head, p, file, at));
        for (int k = 0; k < 4; k++) length |= (uint32_t)head[1 + k] << 8 * k;
        if (size - at < RECORD_HEAD || length > size - at - RECORD_HEAD)
            return status_fail(STATUS_DATA, "%.300s: %s goes beyond the end: the file is incomplete or something else",
                               p->list.root, what);
        if (length > MOST_FILE_BYTES)
            return status_fail(STATUS_DATA, "%.300s: %s has %u bytes; at most %d are possible", p->list.root, what,
                               length, MOST_FILE_BYTES);
        if (head[0] >= p->list.classes)
            return status_fail(STATUS_DATA, "%.300s: %s has label %d; classes.txt has %d", p->list.root, what, head[0],
                               p->list.classes);
        TRY(add_record(p, what, head[0], file, at + RECORD_HEAD, length));
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
        TRY(path_in(path, p->list.root, packed_names[f + 1]));
        TRY(file_open_plain(&p->fds[f], path));
        const off_t size = lseek(p->fds[f], 0, SEEK_END);
        TRY(list_records(p, f, size > 0 ? (uint64_t)size : 0));
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
    zipped z = {.members = {.fd = -1}};
    status s = import_ranks_agree(import_who(r), file_list_start(&z.list, path));
    if (!failed(s)) s = member_list_read(&z.members, r, path, is_wanted);
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
    packed p = {.fds = {-1, -1}};
    status s = file_list_start(&p.list, folder);
    if (!failed(s)) s = list_packed(&p);
    picture_job job = job_of(r, &p.list);
    job.read = read_record;
    job.stamp = stamp_packed;
    job.where = &p;
    s = import_listed(job, s);
    for (int f = 0; f < 2; f++)
        if (p.fds[f] >= 0) close(p.fds[f]);
    free(p.places);
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
