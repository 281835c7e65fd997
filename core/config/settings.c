#define _XOPEN_SOURCE 700
#include "core/config/settings.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/settings_check.h"
#include "core/config/settings_keys.h"

enum { ORIGIN_TEXT = 200 };

/* ---- overrides ---- */

static bool key_is_text(const char *path)
{
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        if (strcmp(key->path, path) == 0)
            return key->type == KEY_NAME || key->type == KEY_FILE || key->type == KEY_CHOICE;
    }
    return false;
}

/* "search.epochs=3" as libconfig text: "search = { epochs = 3 ; };". A text value may come without quotes: the shell
 * eats them. */
static status override_text(char **out, const char *override)
{
    const char *equals = strchr(override, '=');
    char path[MAX_NAME];
    size_t length = equals == NULL ? 0 : (size_t)(equals - override);
    while (length > 0 && override[length - 1] == ' ') length--;
    if (length == 0 || length >= sizeof path)
        return status_fail(STATUS_CONFIG, "--set %.100s: write key=value, for example search.epochs=3", override);
    memcpy(path, override, length);
    path[length] = '\0';
    for (const char *p = path; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
            return status_fail(STATUS_CONFIG, "--set %.100s: \"%s\" is not a key", override, path);

    const char *value = equals + 1 + strspn(equals + 1, " ");
    size_t size;
    FILE *text = open_memstream(out, &size);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for --set %.100s", override);
    int sections = 0;
    for (const char *p = path; *p != '\0'; p++) {
        sections += *p == '.';
        if (*p == '.')
            fputs(" = { ", text);
        else
            fputc(*p, text);
    }
    fputs(" = ", text);
    if (key_is_text(path) && *value != '"') {
        fputc('"', text);
        for (const char *p = value; *p != '\0'; p++) fprintf(text, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
        fputc('"', text);
    } else {
        fputs(value, text);
    }
    fputs(" ;", text);
    while (sections-- > 0) fputs(" };", text);
    fclose(text);
    return status_ok();
}

static status open_override(config **out, const char *override)
{
    char *text = NULL, origin[ORIGIN_TEXT];
    snprintf(origin, sizeof origin, "--set %.150s", override);
    TRY(override_text(&text, override));
    status s = config_open_text(out, text, origin, false);
    free(text);
    return s;
}

/* ---- the sweep ---- */

static status read_entry(sweep_entry *out, config_node *node)
{
    if (!config_is_section(node)) return config_fail(node, "must be a section { strategy = ...; }");
    sweep_entry entry = {.line = config_line(node)};
    for (int i = 0; i < sweep_key_count; i++) {
        config_node *value = config_find(node, sweep_keys[i].path);
        if (value != NULL)
            TRY(key_read(&entry, &sweep_keys[i], value));
        else if (!sweep_keys[i].optional)
            return config_fail(node, "needs %s: %s", sweep_keys[i].path, sweep_keys[i].help);
    }
    TRY(sweep_entry_check(&entry, node));
    if (strcmp(entry.strategy, "fixed") == 0) strcpy(entry.cost_model, "none");
    *out = entry;
    return status_ok();
}

static status read_sweep(settings *out, config_node *sweep, const char *path)
{
    if (sweep == NULL)
        return status_fail(STATUS_CONFIG,
                           "%.200s: sweep is missing, for example sweep = ( { strategy = \"joint\"; "
                           "cost_model = \"size\"; strengths = [0.5, 1.0]; } );",
                           path);
    if (!config_is_list(sweep)) return config_fail(sweep, "must be a list of sections: ( { ... }, { ... } )");
    int count = config_count(sweep);
    if (count == 0) return config_fail(sweep, "is empty: there is nothing to do");
    if (count > MAX_ENTRIES) return config_fail(sweep, "has %d entries; at most %d are possible", count, MAX_ENTRIES);
    for (int i = 0; i < count; i++) TRY(read_entry(&out->entries[i], config_item(sweep, i)));
    out->entry_count = count;
    return status_ok();
}

/* Asks every source for everything, so that afterwards only unknown keys are unread. */
static status check_known(const settings_sources *sources)
{
    for (int k = 0; k < settings_key_count; k++) (void)sources_find(sources, settings_keys[k].path);
    (void)sources_find(sources, "sweep");
    for (int i = 0; i < sources->count; i++) {
        config_node *sweep = config_find(config_root(sources->layers[i]), "sweep");
        for (int e = 0; sweep != NULL && e < config_count(sweep); e++) {
            config_node *entry = config_item(sweep, e);
            for (int k = 0; k < sweep_key_count; k++) (void)config_find(entry, sweep_keys[k].path);
            config_node *strengths = config_find(entry, "strengths");
            if (strengths == NULL || !config_is_section(strengths)) continue;
            const char *const parts[] = {"from", "to", "count"};
            for (int p = 0; p < 3; p++) (void)config_find(strengths, parts[p]);
        }
    }
    for (int i = 0; i < sources->count; i++) TRY(config_check_read(config_root(sources->layers[i])));
    return status_ok();
}

/* ---- paths ---- */

/* Makes `file` absolute, taking it relative to `folder`; leading ./ and ../ are resolved. */
static status resolve(char file[MAX_PATH_TEXT], const char *folder)
{
    if (file[0] == '/') return status_ok();
    char base[PATH_MAX];
    snprintf(base, sizeof base, "%s", folder);
    const char *rest = file;
    for (;;) {
        if (strncmp(rest, "./", 2) == 0) {
            rest += 2;
        } else if (strncmp(rest, "../", 3) == 0) {
            rest += 3;
            char *slash = strrchr(base, '/');
            if (slash != NULL) *slash = '\0';
        } else {
            break;
        }
    }
    char joined[PATH_MAX + MAX_PATH_TEXT];
    if (snprintf(joined, sizeof joined, "%s/%s", base, rest) >= MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "path is longer than %d characters: %.100s...", MAX_PATH_TEXT - 1, joined);
    memset(file, 0, MAX_PATH_TEXT); /* equal settings are equal bytes */
    strcpy(file, joined);
    return status_ok();
}

static status resolve_paths(settings *s)
{
    char folder[PATH_MAX], copy[MAX_PATH_TEXT];
    strcpy(copy, s->path);
    char *slash = strrchr(copy, '/');
    if (slash != NULL) slash[1] = '\0';
    if (realpath(slash == NULL ? "." : copy, folder) == NULL)
        return status_fail(STATUS_CONFIG, "cannot resolve the folder of %.200s", s->path);
    if (strcmp(folder, "/") == 0) folder[0] = '\0';
    TRY(resolve(s->network, folder));
    return resolve(s->data, folder);
}

/* The file's name without folder and ".cfg"; characters that a name may not have become '_'. */
static void name_from_path(char out[MAX_NAME], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, MAX_NAME, "%.*s", MAX_NAME - 1, slash == NULL ? path : slash + 1);
    char *end = strrchr(out, '.');
    if (end != NULL && end != out && strcmp(end, ".cfg") == 0) memset(end, 0, strlen(end));
    for (char *p = out; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && (strchr("._-", *p) == NULL || p == out)) *p = '_';
}

/* ---- loading ---- */

static status read_sources(settings *out, const settings_sources *sources)
{
    TRY(check_known(sources));
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        config_node *node = sources_find(sources, key->path);
        if (node != NULL)
            TRY(key_read(out, key, node));
        else if (key->fallback != NULL)
            TRY(key_default(out, key));
        else
            return status_fail(STATUS_CONFIG, "%.200s: %s is missing: %s", out->path, key->path, key->help);
    }
    TRY(read_sweep(out, sources_find(sources, "sweep"), out->path));
    return settings_check(out, sources);
}

static status load_layers(settings *out, config **layers, const char *path, const char *const *overrides,
                          int override_count)
{
    TRY(config_open(&layers[0], path));
    for (int i = 0; i < override_count; i++) TRY(open_override(&layers[1 + i], overrides[i]));
    TRY(read_sources(out, &(settings_sources){.layers = layers, .count = 1 + override_count}));
    TRY(resolve_paths(out));
    if (out->name[0] == '\0') name_from_path(out->name, path);
    return status_ok();
}

status settings_load(settings *out, const char *path, const char *const *overrides, int override_count)
{
    if (strlen(path) >= MAX_PATH_TEXT) return status_fail(STATUS_CONFIG, "path is too long: %.100s...", path);
    settings *loaded = calloc(1, sizeof *loaded);
    config **layers = calloc((size_t)override_count + 1, sizeof(config *));
    status s = status_fail(STATUS_MEMORY, "no memory for %.200s", path);
    if (loaded != NULL && layers != NULL) {
        strcpy(loaded->path, path);
        s = load_layers(loaded, layers, path, overrides, override_count);
    }
    for (int i = 0; layers != NULL && i <= override_count; i++) config_close(layers[i]);
    if (!failed(s)) *out = *loaded;
    free(layers);
    free(loaded);
    return s;
}

status settings_parse(settings *out, const char *text, const char *origin)
{
    config *c;
    snprintf(out->path, sizeof out->path, "%s", origin);
    TRY(config_open_text(&c, text, origin, true));
    status s = read_sources(out, &(settings_sources){.layers = &c, .count = 1});
    config_close(c);
    return s;
}

/* ---- comparing two resolved texts ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Value of a key as text, without the folder of a path. The caller frees; NULL without memory. */
static char *value_text(const void *base, const settings_key *key)
{
    if (key->type == KEY_FILE) return strdup(file_name((const char *)base + key->offset));
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    key_write(out, base, key);
    fclose(out);
    return text;
}

/* Appends "label (stored A, now B)" to `report` if the values differ. */
static status compare_key(char *report, size_t room, const void *stored, const void *current, const settings_key *key,
                          const char *label)
{
    char *a = value_text(stored, key), *b = value_text(current, key);
    bool no_memory = a == NULL || b == NULL;
    if (!no_memory && strcmp(a, b) != 0) {
        size_t used = strlen(report);
        snprintf(report + used, room - used, "%s%s (stored %.30s, now %.30s)", used == 0 ? "" : ", ", label, a, b);
    }
    free(a);
    free(b);
    return no_memory ? status_fail(STATUS_MEMORY, "no memory to compare configurations") : status_ok();
}

static status compare(const settings *stored, const settings *current)
{
    char report[400] = "";
    for (int i = 0; i < settings_key_count; i++)
        if (strcmp(settings_keys[i].path, "name") != 0)
            TRY(compare_key(report, sizeof report, stored, current, &settings_keys[i], settings_keys[i].path));
    if (stored->entry_count != current->entry_count) {
        size_t used = strlen(report);
        snprintf(report + used, sizeof report - used, "%ssweep (stored %d entries, now %d)", used == 0 ? "" : ", ",
                 stored->entry_count, current->entry_count);
    }
    for (int e = 0; e < stored->entry_count && e < current->entry_count; e++) {
        for (int i = 0; i < sweep_key_count; i++) {
            char label[MAX_NAME];
            snprintf(label, sizeof label, "sweep[%d].%s", e, sweep_keys[i].path);
            TRY(compare_key(report, sizeof report, &stored->entries[e], &current->entries[e], &sweep_keys[i], label));
        }
    }
    if (report[0] == '\0') return status_ok();
    return status_fail(STATUS_CONFIG, "the configuration differs from the stored one: %s", report);
}

status settings_same(const char *stored, const char *current)
{
    settings *both = calloc(2, sizeof *both);
    if (both == NULL) return status_fail(STATUS_MEMORY, "no memory to compare configurations");
    status s = settings_parse(&both[0], stored, "stored configuration");
    if (!failed(s)) s = settings_parse(&both[1], current, "configuration");
    if (!failed(s)) s = compare(&both[0], &both[1]);
    free(both);
    return s;
}
