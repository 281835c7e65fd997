#define _POSIX_C_SOURCE 200809L
#include "core/data/import/class_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/data/dataset.h"

void class_list_free(class_list *list)
{
    free(list->text);
    free(list->names);
    *list = (class_list){.count = 0};
}

static status count_names(class_list *out, int count)
{
    enum { NUMBER = 12 };
    out->text = malloc((size_t)count * NUMBER);
    if (out->text == NULL) return status_fail(STATUS_MEMORY, "no memory for %d class names", count);
    for (int k = 0; k < count; k++) {
        out->names[k] = out->text + (size_t)k * NUMBER;
        snprintf(out->names[k], NUMBER, "%d", k);
    }
    out->count = count;
    return status_ok();
}

static status split_names(class_list *out, const char *separators, const char *given, int count)
{
    char *rest = NULL;
    for (char *name = strtok_r(out->text, separators, &rest); name != NULL; name = strtok_r(NULL, separators, &rest)) {
        if (out->count < count) out->names[out->count] = name;
        out->count++;
    }
    if (out->count == count) return status_ok();
    return status_fail(STATUS_CONFIG, "%d class names in \"%.100s\", but the labels go from 0 to %d", out->count, given,
                       count - 1);
}

static status fill(class_list *out, const char *given, int count)
{
    out->names = calloc((size_t)count, sizeof *out->names);
    if (out->names == NULL) return status_fail(STATUS_MEMORY, "no memory for %d class names", count);
    if (given == NULL) return count_names(out, count);
    bool file = file_exists(given);
    if (file)
        TRY(file_read_text(&out->text, given));
    else
        out->text = strdup(given);
    if (out->text == NULL) return status_fail(STATUS_MEMORY, "no memory for class names");
    return split_names(out, file ? "\r\n" : ",", given, count);
}

status class_list_make(class_list *out, const char *given, int count)
{
    class_list list = {.count = 0};
    if (count < 1 || count > DATASET_MAX_CLASSES)
        return status_fail(STATUS_DATA,
                           "the labels go up to %d, but at most %d classes are possible: are these labels, or another "
                           "array?",
                           count - 1, DATASET_MAX_CLASSES);
    status s = fill(&list, given, count);
    if (failed(s))
        class_list_free(&list);
    else
        *out = list;
    return s;
}
