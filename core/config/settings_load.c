#define _XOPEN_SOURCE 700
#include "core/config/settings_load.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/faults.h"
#include "core/base/file.h"
#include "core/base/share.h"
#include "core/config/config.h"
#include "core/config/recipe.h"
#include "core/config/settings_check.h"
#include "core/config/settings_keys.h"

enum { ORIGIN_TEXT = 200 };

/* ---- overrides ---- */

static bool key_is_text(const char *path)
{
    if (strcmp(path, "recipe") == 0) return true;
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

/* The sweep of one source. */
static status read_sweep(settings *out, config_node *sweep, const entry_kind *const *kinds)
{
    if (!config_is_list(sweep)) return config_fail(sweep, "must be a list of sections: ( { ... }, { ... } )");
    int count = config_count(sweep);
    if (count == 0) return config_fail(sweep, "is empty: there is nothing to do");
    if (count > MAX_ENTRIES) return config_fail(sweep, "has %d entries; at most %d are possible", count, MAX_ENTRIES);
    faults found = {.untold = 0};
    for (int i = 0; i < count; i++) faults_add(&found, entry_read(&out->entries[i], config_item(sweep, i), kinds));
    out->entry_count = count;
    return faults_end(&found);
}

/* The last source that has a sweep wins; the others are read all the same, so that their keys count as known. */
static status read_sweeps(settings *out, const settings_sources *sources, const entry_kind *const *kinds)
{
    faults found = {.untold = 0};
    out->entry_count = 0;
    for (int i = 0; i < sources->count; i++) {
        config_node *sweep = config_find(config_root(sources->layers[i]), "sweep");
        if (sweep != NULL) faults_add(&found, read_sweep(out, sweep, kinds));
    }
    return faults_end(&found);
}

/* Asks every source for everything, so that afterwards only unknown keys are unread. */
static status check_known(const settings_sources *sources)
{
    (void)sources_find(sources, "recipe");
    for (int k = 0; k < settings_key_count; k++) (void)sources_find(sources, settings_keys[k].path);
    faults found = {.untold = 0};
    for (int i = 0; i < sources->count; i++) faults_add(&found, config_check_read(config_root(sources->layers[i])));
    return faults_end(&found);
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

/* The same; what is not there is taken relative to the current directory, if it is there: people who say --set
 * 'data="mine.h5"' mean that. */
static status resolve_there_or_here(char file[MAX_PATH_TEXT], const char *folder)
{
    char given[MAX_PATH_TEXT], here[PATH_MAX];
    strcpy(given, file);
    TRY(resolve(file, folder));
    if (file_exists(file) || !file_exists(given) || getcwd(here, sizeof here) == NULL) return status_ok();
    memset(file, 0, MAX_PATH_TEXT);
    strcpy(file, given);
    return resolve(file, strcmp(here, "/") == 0 ? "" : here);
}

/* A network that is in neither place may be one that came with the program: resnet8, or networks/resnet8.cfg. */
static status resolve_network(char file[MAX_PATH_TEXT], const char *folder)
{
    char given[MAX_PATH_TEXT], path[MAX_PATH_TEXT + 16], found[SHARE_PATH];
    strcpy(given, file);
    TRY(resolve_there_or_here(file, folder));
    if (file_exists(file) || given[0] == '/') return status_ok();
    snprintf(path, sizeof path, "%s%s", strchr(given, '/') != NULL ? "configs/" : "", given);
    if (!share_file(found, path, "networks")) return status_ok(); /* a message will name where it was expected */
    memset(file, 0, MAX_PATH_TEXT);
    strcpy(file, found);
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
    TRY(resolve_network(s->network, folder));
    for (int e = 0; e < s->entry_count; e++)
        for (int i = 0; i < s->entries[e].network_count; i++) TRY(resolve_network(s->entries[e].networks[i], folder));
    TRY(resolve_there_or_here(s->data, folder));
    if (!file_exists(s->data)) (void)share_to_here(s->data, s->data);
    return status_ok();
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

static status read_sources(settings *out, const settings_sources *sources, const entry_kind *const *kinds)
{
    faults found = {.untold = 0};
    faults_add(&found, read_sweeps(out, sources, kinds));
    faults_add(&found, check_known(sources));
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        config_node *node = sources_find(sources, key->path);
        if (node != NULL)
            faults_add(&found, key_read(out, key, node));
        else if (key->fallback != NULL)
            faults_add(&found, key_default(out, key));
        else
            faults_add(&found,
                       status_fail(STATUS_CONFIG, "%.200s: %s is missing: %s", out->path, key->path, key->help));
    }
    if (sources_find(sources, "sweep") == NULL)
        faults_add(&found, status_fail(STATUS_CONFIG,
                                       "%.200s: sweep is missing, for example sweep = ( { strategy = \"joint\"; "
                                       "cost_model = \"size\"; strengths = [0.5, 1.0]; } );",
                                       out->path));
    TRY(faults_end(&found)); /* what follows from several keys is not asked of wrong ones */
    return settings_check(out, sources);
}

/* The recipe that the configuration, or an override, asks for; *out stays NULL without one. layers[1 ... count] are
 * open. */
static status open_recipe(settings *out, config **recipe, config **layers, int count)
{
    const config_node *name = sources_find(&(settings_sources){.layers = layers, .count = count}, "recipe");
    if (name == NULL) return status_ok();
    char folder[MAX_PATH_TEXT];
    strcpy(folder, out->path);
    char *slash = strrchr(folder, '/');
    folder[slash == NULL ? 0 : slash - folder + 1] = '\0';
    TRY(recipe_path(out->recipe, name, folder));
    return recipe_open(recipe, out->recipe, name);
}

/* layers[0] is for the recipe, layers[1] the file. */
static status load_layers(settings *out, config **layers, const char *path, const char *const *overrides,
                          int override_count, const entry_kind *const *kinds)
{
    const int count = 1 + override_count;
    TRY(config_open(&layers[1], path));
    for (int i = 0; i < override_count; i++) TRY(open_override(&layers[2 + i], overrides[i]));
    TRY(open_recipe(out, &layers[0], layers + 1, count));
    const settings_sources with = {.layers = layers, .count = count + 1},
                           without = {.layers = layers + 1, .count = count};
    TRY(read_sources(out, layers[0] != NULL ? &with : &without, kinds));
    TRY(resolve_paths(out));
    if (out->name[0] == '\0') name_from_path(out->name, path);
    return status_ok();
}

status settings_load(settings *out, const char *path, const char *const *overrides, int override_count,
                     const entry_kind *const *kinds)
{
    if (strlen(path) >= MAX_PATH_TEXT) return status_fail(STATUS_CONFIG, "path is too long: %.100s...", path);
    settings *loaded = calloc(1, sizeof *loaded);
    config **layers = calloc((size_t)override_count + 2, sizeof(config *));
    status s = status_fail(STATUS_MEMORY, "no memory for %.200s", path);
    if (loaded != NULL && layers != NULL) {
        strcpy(loaded->path, path);
        s = load_layers(loaded, layers, path, overrides, override_count, kinds);
    }
    for (int i = 0; layers != NULL && i < override_count + 2; i++) config_close(layers[i]);
    if (!failed(s)) *out = *loaded;
    free(layers);
    free(loaded);
    return s;
}

status settings_parse(settings *out, const char *text, const char *origin, const entry_kind *const *kinds)
{
    config *c;
    snprintf(out->path, sizeof out->path, "%s", origin);
    TRY(config_open_text(&c, text, origin, true));
    status s = read_sources(out, &(settings_sources){.layers = &c, .count = 1}, kinds);
    config_close(c);
    return s;
}
