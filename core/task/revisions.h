/* revisions: the one place that says which methods compute other results than they once did for the same settings. What
 * stands in its table becomes a line of the identity of the tasks that follow such a method, and so a part of their
 * keys: a run of before trains them anew and keeps everything else. CONTRIBUTING.md says when a row is due. */
#ifndef CORE_TASK_REVISIONS_H
#define CORE_TASK_REVISIONS_H

#include <stdio.h>

/* A method, and whose tasks follow it: those of this kind, with this line among the settings that count for them and
 * this line among the options of their entry. NULL: whichever; not all three. */
typedef struct {
    const char *method; /* letters, digits and _ */
    int revision;       /* at least 2: the first has no row. Never the same number for other results */
    const char *kind, *setting, *option;
} result_revision;

/* Ends with a row whose method is NULL. */
extern const result_revision result_revisions[];

/* "revision.impq_bound = 2", a line for each row of `table` that a task follows. settings, options: in lines. */
void revisions_write(FILE *out, const result_revision *table, const char *kind, const char *settings,
                     const char *options);

#endif
