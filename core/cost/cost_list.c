#include "core/cost/cost_list.h"

#include <stdio.h>
#include <string.h>

#include "core/base/spelling.h"

status cost_list_unknown(const cost_model *const *list, const char *name)
{
    char known[256] = "", meant[48] = "";
    const char *near = NULL;
    for (; *list != NULL; list++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", (*list)->name);
        near = spelling_nearer(near, (*list)->name, name);
    }
    if (near != NULL) snprintf(meant, sizeof meant, " (did you mean \"%s\"?)", near);
    return status_fail(STATUS_CONFIG, "there is no cost model \"%.40s\"%s; known: %s", name, meant, known);
}
