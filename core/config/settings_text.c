#define _POSIX_C_SOURCE 200809L
#include "core/config/settings_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/entry.h"

enum { COMMENT_WIDTH = 100 };

/* Length of the section's name in front of the key, 0 at top level. */
static size_t section_length(const settings_key *key)
{
    const char *dot = strchr(key->path, '.');
    return dot == NULL ? 0 : (size_t)(dot - key->path);
}

/* Closes the previous key's section and opens this key's, when they differ. Returns the key's indentation. */
static const char *change_section(FILE *out, const settings_key *previous, const settings_key *key)
{
    size_t before = previous == NULL ? 0 : section_length(previous), now = key == NULL ? 0 : section_length(key);
    bool same = before == now && (now == 0 || strncmp(previous->path, key->path, now) == 0);
    if (!same && before > 0) fputs("};\n", out);
    if (!same && now > 0) fprintf(out, "\n%.*s = {\n", (int)now, key->path);
    return now > 0 ? "    " : "";
}

static const char *last_name(const settings_key *key)
{
    return key->path + section_length(key) + (section_length(key) > 0);
}

static bool in_section(const settings_key *key, const char *section)
{
    size_t length = section_length(key);
    return strlen(section) == length && strncmp(key->path, section, length) == 0;
}

bool settings_has_section(const char *section)
{
    for (int i = 0; i < settings_key_count; i++)
        if (in_section(&settings_keys[i], section)) return true;
    return false;
}

void settings_write_section(FILE *out, const settings *s, const char *section, bool quantised)
{
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        bool read = key->read_by == READ_BY_ALL || (key->read_by == READ_BY_QUANTISED && quantised);
        if (!read || !in_section(key, section) || (key->later && key_has_default(s, key))) continue;
        fprintf(out, "%s = ", key->path);
        key_write(out, s, key);
        fputs("\n", out);
    }
}

status settings_text(char **out, const settings *s, const entry_kind *const *kinds)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) return status_fail(STATUS_MEMORY, "no memory for the text of a configuration");
    const char *slash = strrchr(s->recipe, '/');
    if (s->recipe[0] != '\0')
        fprintf(stream, "# with the settings of the recipe %s\n", slash != NULL ? slash + 1 : s->recipe);
    const settings_key *previous = NULL;
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        fprintf(stream, "%s%s = ", change_section(stream, previous, key), last_name(key));
        key_write(stream, s, key);
        fputs(";\n", stream);
        previous = key;
    }
    (void)change_section(stream, previous, NULL);
    fputs("\nsweep = (\n", stream);
    for (int i = 0; i < s->entry_count; i++) {
        fputs("    ", stream);
        entry_write(stream, &s->entries[i], entry_kind_find(kinds, s->entries[i].strategy));
        fputs(i + 1 < s->entry_count ? ",\n" : "\n", stream);
    }
    fputs(");\n", stream);
    bool bad = ferror(stream) != 0;
    if (fclose(stream) != 0 || bad) {
        free(text);
        return status_fail(STATUS_MEMORY, "no memory for the text of a configuration");
    }
    *out = text;
    return status_ok();
}

/* `text` as comment lines, broken between words. */
static void write_comment(FILE *out, const char *indent, const char *text)
{
    while (*text != '\0') {
        size_t length = strlen(text);
        if (length > COMMENT_WIDTH) {
            length = COMMENT_WIDTH;
            while (text[length] != ' ') length--;
        }
        fprintf(out, "%s# %.*s\n", indent, (int)length, text);
        text += length + (text[length] == ' ');
    }
}

static void write_key_help(FILE *out, const char *indent, const settings_key *key)
{
    fprintf(out, "\n");
    write_comment(out, indent, key->help);
    char line[600] = "";
    FILE *text = fmemopen(line, sizeof line, "w");
    if (text == NULL) return;
    key_describe(text, key);
    fprintf(text, key->fallback != NULL ? "; default %s" : "; must be given", key->fallback);
    fclose(text);
    write_comment(out, indent, line);
}

/* What the entries of one strategy may hold; a key that earlier ones had is not explained again. */
static void write_entry_help(FILE *out, const entry_kind *const *kinds, const entry_kind *kind)
{
    char line[600];
    snprintf(line, sizeof line, "%s: %s", kind->name, kind->description);
    write_comment(out, "", line);
    for (int i = 0; entry_key(kind, i) != NULL; i++) {
        const settings_key *key = entry_key(kind, i);
        bool known = false;
        for (const entry_kind *const *other = kinds; *other != kind; other++)
            for (int k = 0; entry_key(*other, k) != NULL; k++) known = known || entry_key(*other, k) == key;
        snprintf(line, sizeof line, "%s%s%s", key->path, known ? "" : ": ", known ? " (as above)" : key->help);
        write_comment(out, "    ", line);
        if (known) continue;
        fputs("    #     ", out);
        key_describe(out, key);
        if (key->fallback != NULL) fprintf(out, "; default %s", key->fallback);
        fputs(key->optional ? "; may be left out\n" : "\n", out);
    }
}

void settings_help(FILE *out, const entry_kind *const *kinds)
{
    fputs(
        "# A bitfront sweep: every key with its meaning, type, range, unit and default. Only network, data and sweep\n"
        "# must be given. This file is written by `bitfront plan --help-config`.\n\n"
        "# A file with more settings: \"best\" is recipes/best.cfg beside this file; or a path. What stands here "
        "comes\n"
        "# before what stands there.\n"
        "# recipe = \"best\";\n",
        out);
    const settings_key *previous = NULL;
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        const char *indent = change_section(out, previous, key);
        write_key_help(out, indent, key);
        fprintf(out, "%s%s = %s;\n", indent, last_name(key), key->fallback != NULL ? key->fallback : key->example);
        previous = key;
    }
    (void)change_section(out, previous, NULL);

    fputs("\n# The sweep: a list of sections, each with a strategy and its keys; every point is trained for each "
          "seed.\n#\n",
          out);
    for (const entry_kind *const *kind = kinds; *kind != NULL; kind++) write_entry_help(out, kinds, *kind);
    fputs("sweep = (\n"
          "    { strategy = \"joint\"; cost_model = \"size\"; strengths = { from = 0.1; to = 10.0; count = 6; }; },\n"
          "    { strategy = \"mixprec\"; cost_model = \"size\"; strengths = [0.5, 1.0, 2.0]; },\n"
          "    { strategy = \"fixed\"; bits = [8, 4, 2]; }\n"
          ");\n",
          out);
}
