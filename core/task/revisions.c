#include "core/task/revisions.h"

#include <stdbool.h>
#include <string.h>

#define BOUND "metric = \"bound\""
#define OPEN "quantizer.levels = \"open\""
#define ERROR "metric = \"error\""

/* impq_bound: the distance of levels of the quantiser in force, not of min-max steps with closed levels. Activations
 * are judged by it with metric = "error", too, and sensitivity records it beside the others. */
const result_revision result_revisions[] = {
    {.method = "impq_bound", .revision = 2, .option = BOUND},
    {.method = "impq_bound", .revision = 2, .kind = "impq_activations", .setting = OPEN, .option = ERROR},
    {.method = "impq_bound", .revision = 2, .kind = "impq_both", .setting = OPEN, .option = ERROR},
    {.method = "impq_bound", .revision = 2, .kind = "sensitivity"},
    {.method = NULL}};

/* Is one of the lines of the text this one? */
static bool has_line(const char *text, const char *line)
{
    const size_t length = strlen(line);
    for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, '\n'), at = at != NULL ? at + 1 : NULL)
        if (strncmp(at, line, length) == 0 && (at[length] == '\n' || at[length] == '\0')) return true;
    return false;
}

static bool follows(const result_revision *r, const char *kind, const char *settings, const char *options)
{
    return (r->kind == NULL || strcmp(r->kind, kind) == 0) && (r->setting == NULL || has_line(settings, r->setting)) &&
           (r->option == NULL || has_line(options, r->option));
}

void revisions_write(FILE *out, const result_revision *table, const char *kind, const char *settings,
                     const char *options)
{
    for (const result_revision *r = table; r->method != NULL; r++)
        if (follows(r, kind, settings, options)) fprintf(out, "revision.%s = %d\n", r->method, r->revision);
}
