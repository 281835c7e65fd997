/* class_list: the names of the classes. */
#ifndef CORE_DATA_IMPORT_CLASS_LIST_H
#define CORE_DATA_IMPORT_CLASS_LIST_H

#include "core/base/status.h"

typedef struct {
    char **names; /* (count) */
    int count;
    char *text; /* owns the names */
} class_list;

/* `given`: a file with a name in each line, or names with commas between them; NULL: "0", "1", ... Fails unless there
 * are exactly `count`. */
MUST_CHECK status class_list_make(class_list *out, const char *given, int count);
void class_list_free(class_list *list);

#endif
