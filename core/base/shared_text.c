#include "core/base/shared_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A list for each part of the hash: there are few different texts. */
typedef struct kept_text {
    struct kept_text *next;
    char text[];
} kept_text;

enum { LISTS = 256 };

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

status shared_text(const char **out, const char *text)
{
    static kept_text *lists[LISTS];
    kept_text **list = &lists[hash_of(text) % LISTS];
    for (kept_text *k = *list; k != NULL; k = k->next)
        if (strcmp(k->text, text) == 0) {
            *out = k->text;
            return status_ok();
        }
    const size_t bytes = strlen(text) + 1;
    kept_text *added = malloc(sizeof *added + bytes);
    if (added == NULL) return status_fail(STATUS_MEMORY, "no memory for a name");
    memcpy(added->text, text, bytes);
    added->next = *list;
    *list = added;
    *out = added->text;
    return status_ok();
}
