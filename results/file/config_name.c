#include "results/file/config_name.h"

#include <stdio.h>
#include <string.h>

void config_name(char *out, size_t room, const char *text, const char *key)
{
    const size_t length = strlen(key);
    out[0] = 0;
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, key, length) != 0 || line[length] == 0 || strchr(" =:", line[length]) == NULL) continue;
        const char *from = strchr(line, '"'), *end = strchr(line, '\n');
        if (from == NULL || (end != NULL && from > end)) continue;
        size_t chars = strcspn(++from, "\"\n");
        for (size_t i = chars; i-- > 0;)
            if (from[i] == '/') {
                from += i + 1;
                chars -= i + 1;
                break;
            }
        snprintf(out, room, "%.*s", (int)chars, from);
        char *dot = strrchr(out, '.');
        if (dot != NULL && dot != out) *dot = 0;
        return;
    }
}
