#include "core/base/faults.h"

#include <stdio.h>
#include <string.h>

enum { LAST_LINE = 32 }; /* room for "and 123 more faults" */

static bool is_told(const char *all, const char *line, size_t length)
{
    for (const char *at = all;; at++) {
        const size_t told = strcspn(at, "\n");
        if (told == length && memcmp(at, line, length) == 0) return true;
        at += told;
        if (*at == '\0') return false;
    }
}

static void add_line(faults *f, const char *line, size_t length)
{
    const size_t used = strlen(f->all.message);
    if (is_told(f->all.message, line, length)) return;
    if (f->untold > 0 || used + length + 2 + LAST_LINE > sizeof f->all.message)
        f->untold++;
    else
        snprintf(f->all.message + used, sizeof f->all.message - used, "%s%.*s", used > 0 ? "\n" : "", (int)length,
                 line);
}

void faults_add(faults *f, status s)
{
    if (!failed(s) || (failed(f->all) && f->all.code != STATUS_CONFIG)) return;
    if (!failed(f->all) || s.code != STATUS_CONFIG) {
        f->all = s;
        return;
    }
    for (const char *at = s.message;; at++) {
        const size_t length = strcspn(at, "\n");
        add_line(f, at, length);
        at += length;
        if (*at == '\0') return;
    }
}

bool faults_any(const faults *f)
{
    return failed(f->all);
}

status faults_end(const faults *f)
{
    status s = f->all;
    const size_t used = strlen(s.message);
    if (f->untold > 0)
        snprintf(s.message + used, sizeof s.message - used, "\nand %d more fault%s", f->untold,
                 f->untold == 1 ? "" : "s");
    return s;
}
