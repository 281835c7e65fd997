#define _POSIX_C_SOURCE 200809L
#include "core/task/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/real.h"
#include "core/config/settings_text.h"
#include "core/task/revisions.h"

/* To be raised when a version of the program computes other bits for all tasks; for those of one method there is
 * revisions.c. A new key of the configuration is no reason: settings_key.later. */
enum { IDENTITY_VERSION = 2 };

/* Without the parents. */
static void write_task(FILE *out, const task *t)
{
    fprintf(out, "kind %s\nseed %" PRIu64 "\n", t->kind, t->seed);
    if (strcmp(t->cost_model, "none") != 0) fprintf(out, "cost_model %s\n", t->cost_model);
    if (t->strength != 0) fprintf(out, "strength %.17g\n", t->strength);
    if (t->bits != 0) fprintf(out, "bits %d\n", t->bits);
    if (t->step != 0) fprintf(out, "step %d\n", t->step);
    if (t->target != 0) fprintf(out, "target %.17g\n", t->target);
    if (t->epochs != 0) fprintf(out, "epochs %d\n", t->epochs);
}

static const status no_memory = {.code = STATUS_MEMORY, .message = "no memory for the identity of a task"};

/* Ends what open_memstream has begun. */
static status close_text(char **text, FILE *out)
{
    bool bad = ferror(out) != 0;
    if (fclose(out) == 0 && !bad) return status_ok();
    free(*text);
    *text = NULL;
    return no_memory;
}

status identity_settings(char **text, const settings *s, const identity_network *network, const identity_reads *reads,
                         const char *cost_model)
{
    size_t size;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    if (out == NULL) return no_memory;
    bool quantised = reads->quantised || network->arithmetic_when_float;
    settings_write_section(out, s, "", quantised);
    settings_write_section(out, s, "augment", quantised);
    if (reads->quantised) settings_write_section(out, s, "quantizer", true);
    for (const char *const *section = reads->sections; *section != NULL; section++)
        settings_write_section(out, s, *section, quantised);
    if (settings_has_section(cost_model)) settings_write_section(out, s, cost_model, quantised);
    return close_text(text, out);
}

status identity_text(char **text, const task *t, const char *const *parent_keys, const identity_network *network,
                     const char *data_checksum, const char *settings_lines, const char *options)
{
    size_t size;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    if (out == NULL) return no_memory;
    fprintf(out, "bitfront task %d\nreal %d bit\nnetwork %s\ndata %s\n", IDENTITY_VERSION, 8 * (int)sizeof(real),
            network->checksum, data_checksum);
    write_task(out, t);
    for (int i = 0; i < t->parent_count; i++) fprintf(out, "parent %s\n", parent_keys[i]);
    fputs(settings_lines, out);
    revisions_write(out, result_revisions, t->kind, settings_lines, options);
    fputs(options, out);
    return close_text(text, out);
}

status identity_key(char key[TASK_KEY], const char *text)
{
    char sum[CHECKSUM_TEXT];
    checksum hash = checksum_begin();
    checksum_add(&hash, text, strlen(text));
    TRY(checksum_end(&hash, sum));
    snprintf(key, TASK_KEY, "%.32s", sum + strlen("sha256:"));
    return status_ok();
}

enum { HEAD_LINES = 4 }; /* version, precision of numbers, network, data */

/* The lines of a task and its parents. NULL: no memory. */
static char *lines_of(const task *t, const char *parents)
{
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);
    if (out == NULL) return NULL;
    write_task(out, t);
    for (const char *key = parents; *key != '\0'; key += *key == ' ') {
        const size_t length = strcspn(key, " ");
        fputs("parent ", out);
        fwrite(key, 1, length, out);
        fputc('\n', out);
        key += length;
    }
    fclose(out);
    return lines;
}

/* Behind the lines of the task come settings, "key = value", or nothing. */
static bool has_lines(const char *text, const char *lines)
{
    for (int i = 0; i < HEAD_LINES; i++) {
        text = strchr(text, '\n');
        if (text++ == NULL) return false;
    }
    size_t length = strlen(lines);
    if (strncmp(text, lines, length) != 0) return false;
    const char *next = text + length, *equals = strstr(next, " = ");
    return *next == '\0' || (equals != NULL && equals < next + strcspn(next, "\n"));
}

/* Options stand at the end of the text, a line each. */
static bool has_options(const char *text, const char *options)
{
    const char *t = text + strlen(text), *o = options + strlen(options);
    if (o == options) return true;
    if (t == text || *--t != '\n') return false;
    while (o > options && t > text) {
        if (t[-1] == '\n' && o - options >= 2 && o[-2] == ';' && o[-1] == ' ') {
            t--;
            o -= 2;
        } else if (*--t != *--o) {
            return false;
        }
    }
    return o == options && (t == text || t[-1] == '\n');
}

status identity_tells(bool *told, const char *text, const task *t, const char *parents, const char *options)
{
    char *lines = lines_of(t, parents);
    if (lines == NULL) return status_fail(STATUS_MEMORY, "no memory for the identity of a task");
    *told = has_lines(text, lines) && has_options(text, options);
    free(lines);
    return status_ok();
}
