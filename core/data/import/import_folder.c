/* The importer "folder": a folder for each class, with PNG and JPEG files in it. */
#include <stdio.h>

#include "core/data/dataset.h"
#include "core/data/import/file_list.h"
#include "core/data/import/import_pictures.h"

enum { MOST_FILE_BYTES = 1 << 28 };

static const import_key keys[] = {
    {.name = "source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .needed = true,
     .letter = 'i',
     .help = "the folder: CLASS/FILE, or train/CLASS/FILE with validation/ and test/ if they are there"},
    PICTURE_KEYS,
    DIVISION_KEYS,
    {.name = "validation-list",
     .value = "FILE",
     .type = IMPORT_PATH,
     .help = "a text file with the files that validate, CLASS/FILE in each line"},
    {.name = "test-list", .value = "FILE", .type = IMPORT_PATH, .help = "the same for the test split"},
    IMPORT_KEYS_END,
};

static status read_listed(uint8_t **bytes, size_t *size, char name[PICTURE_NAME], const void *where, int i)
{
    const file_list *l = where;
    if (snprintf(name, PICTURE_NAME, "%s/%s", l->root, l->paths[i]) >= PICTURE_NAME)
        return status_fail(STATUS_DATA, "path is too long: %.60s...", l->paths[i]);
    return file_bytes(bytes, size, name, MOST_FILE_BYTES);
}

static status stamp(checksum *sum, const void *where)
{
    return file_list_stamp(sum, where);
}

static status make_list(const import_request *r, file_list *l)
{
    TRY(file_list_scan(l, import_text(r, "source")));
    if (import_given(r, "validation-list")) TRY(file_list_mark(l, import_text(r, "validation-list"), SPLIT_VALIDATION));
    if (import_given(r, "test-list")) TRY(file_list_mark(l, import_text(r, "test-list"), SPLIT_TEST));
    return status_ok();
}

static status import_list(const import_request *r, file_list *l)
{
    return import_pictures(&(picture_job){.request = r,
                                          .kind = "pictures in folders",
                                          .source = l->root,
                                          .count = l->count,
                                          .classes = l->classes,
                                          .labels = l->labels,
                                          .marks = l->marks,
                                          .class_names = (const char *const *)l->class_names,
                                          .read = read_listed,
                                          .stamp = stamp,
                                          .where = l});
}

static status run(const import_request *r)
{
    file_list list = {.root = NULL};
    status s = import_ranks_agree(import_who(r), make_list(r, &list));
    if (!failed(s)) s = import_list(r, &list);
    file_list_free(&list);
    return s;
}

const importer importer_folder = {
    .name = "folder",
    .summary = "your own pictures (PNG, JPEG), a folder for each class",
    .details =
        "Classes are numbered in the order of their names. What no folder and no list puts into a split is divided\n"
        "class by class. Samples are 8 bits a channel, 0 to 255 stand for 0 to 1.\n",
    .keys = keys,
    .shared = true,
    .run = run,
};
