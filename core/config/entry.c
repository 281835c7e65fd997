#include "core/config/entry.h"

#include <stdio.h>
#include <string.h>

#include "core/base/faults.h"
#include "core/base/spelling.h"
#include "core/config/config.h"

#define IN_ENTRY(field) .offset = offsetof(sweep_entry, field)
#define ENTRY_LIST(field, number, most)                                                                                \
    .offset = offsetof(sweep_entry, field), .count_offset = offsetof(sweep_entry, number), .room = most

const settings_key entry_strategy = {.path = "strategy",
                                     .type = KEY_NAME,
                                     IN_ENTRY(strategy),
                                     .expands = true,
                                     .help = "How networks are found, from the list above."};
const settings_key entry_cost_model = {.path = "cost_model",
                                       .type = KEY_NAME,
                                       IN_ENTRY(cost_model),
                                       .expands = true,
                                       .help = "The cost that is charged: \"size\", ... (bitfront cost --help)."};
const settings_key entry_strengths = {
    .path = "strengths",
    .type = KEY_STRENGTHS,
    ENTRY_LIST(strengths, strength_count, MAX_STRENGTHS),
    .optional = true,
    .expands = true,
    .high = 1e15,
    .help = "One point each; without unit if search.normalize_cost, else per unit of the cost. A list, or "
            "{ from = 0.1; to = 10.0; count = 6; } for equal ratios, rounded to 6 digits."};
const settings_key entry_bits = {.path = "bits",
                                 .type = KEY_INTEGERS,
                                 ENTRY_LIST(bits, bits_count, MAX_PRECISIONS),
                                 .expands = true,
                                 .low = 1,
                                 .high = 8,
                                 .unit = "bit",
                                 .help = "Precision of all weights, one point each."};
const settings_key entry_precisions = {.path = "precisions",
                                       .type = KEY_INTEGERS,
                                       ENTRY_LIST(precisions, precision_count, MAX_PRECISIONS),
                                       .optional = true,
                                       .low = 0,
                                       .high = 8,
                                       .ascending = true,
                                       .unit = "bit",
                                       .help = "Candidate precisions of weights; 0: pruned. Not given: those of the "
                                               "strategy."};

const settings_key entry_targets = {
    .path = "targets",
    .type = KEY_TEXTS,
    ENTRY_LIST(targets, target_count, MAX_TARGETS),
    .optional = true,
    .expands = true,
    .help =
        "Budgets, one point each that meets it: \"32 kB\" (weights; 1 kB is 8000 bits), \"1.5e6 cycles mpic\", \"1e5 "
        "cycles ne16\", \"90 % of w4\" (of the same network at 4 bit). Without the name of a cost model: of "
        "cost_model."};

/* Of every entry, whatever its strategy. */
static const settings_key common_keys[] = {
    {.path = "network",
     .type = KEY_FILES,
     ENTRY_LIST(networks, network_count, MAX_NETWORKS),
     .optional = true,
     .expands = true,
     .help = "Network files, each with all points of the entry; not given: that of the sweep."},
    {.path = "width",
     .type = KEY_NUMBERS,
     ENTRY_LIST(widths, width_count, MAX_NETWORKS),
     .optional = true,
     .expands = true,
     .low = NETWORK_WIDTH_LOW,
     .high = NETWORK_WIDTH_HIGH,
     .help = "Factors of all numbers of channels, each with all points of the entry; not given: that of the sweep."}};

enum { COMMON_KEYS = sizeof common_keys / sizeof common_keys[0] };

const settings_key *entry_key(const entry_kind *kind, int i)
{
    return i < COMMON_KEYS ? &common_keys[i] : kind->keys[i - COMMON_KEYS];
}

const entry_kind *entry_kind_find(const entry_kind *const *kinds, const char *name)
{
    for (; *kinds != NULL; kinds++)
        if (strcmp((*kinds)->name, name) == 0) return *kinds;
    return NULL;
}

static bool takes(const entry_kind *kind, const char *path)
{
    for (const settings_key *const *key = kind->keys; *key != NULL; key++)
        if (strcmp((*key)->path, path) == 0) return true;
    return false;
}

/* A key that another strategy takes deserves more than "unknown". */
static status refuse_foreign(config_node *node, const entry_kind *kind, const entry_kind *const *kinds)
{
    for (; *kinds != NULL; kinds++) {
        for (const settings_key *const *key = (*kinds)->keys; *key != NULL; key++) {
            if (takes(kind, (*key)->path)) continue;
            const config_node *found = config_find(node, (*key)->path);
            if (found == NULL) continue;
            char known[160] = "";
            for (const settings_key *const *own = kind->keys; *own != NULL; own++) {
                size_t used = strlen(known);
                snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", (*own)->path);
            }
            return config_fail(found, "is a key of strategy \"%s\", not of \"%s\", which takes %s", (*kinds)->name,
                               kind->name, known);
        }
    }
    return status_ok();
}

static status find_kind(const entry_kind **out, config_node *node, const entry_kind *const *kinds)
{
    config_node *name = config_find(node, entry_strategy.path);
    if (name == NULL) return config_fail(node, "needs strategy: %s", entry_strategy.help);
    const char *text;
    TRY(config_text(&text, name));
    *out = entry_kind_find(kinds, text);
    if (*out != NULL) return status_ok();
    char known[300] = "";
    const char *near = NULL;
    for (; *kinds != NULL; kinds++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s\"%s\"", used > 0 ? " | " : "", (*kinds)->name);
        near = spelling_nearer(near, (*kinds)->name, text);
    }
    if (near != NULL) return config_fail(name, "is \"%.40s\" (did you mean \"%s\"?); known: %s", text, near, known);
    return config_fail(name, "is \"%.40s\"; known: %s", text, known);
}

/* Perhaps it was misspelt: then that is what is said. */
static status tell_missing(config_node *node, const entry_kind *kind, const settings_key *key)
{
    for (int i = 0; entry_key(kind, i) != NULL; i++) (void)config_find(node, entry_key(kind, i)->path);
    TRY(config_check_read(node));
    return config_fail(node, "needs %s for strategy \"%s\": %s", key->path, kind->name, key->help);
}

/* Of an entry of no known strategy no key is unknown. */
static void ask_for_all(config_node *node, const entry_kind *const *kinds)
{
    for (; *kinds != NULL; kinds++)
        for (int i = 0; entry_key(*kinds, i) != NULL; i++) (void)config_find(node, entry_key(*kinds, i)->path);
}

status entry_read(sweep_entry *out, config_node *node, const entry_kind *const *kinds)
{
    if (!config_is_section(node)) return config_fail(node, "must be a section { strategy = ...; }");
    sweep_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.line = config_line(node);
    const entry_kind *kind = NULL;
    faults found = {.untold = 0};
    faults_add(&found, find_kind(&kind, node, kinds));
    if (kind == NULL) {
        ask_for_all(node, kinds);
        return faults_end(&found);
    }
    snprintf(entry.strategy, sizeof entry.strategy, "%s", kind->name);
    faults_add(&found, refuse_foreign(node, kind, kinds));
    for (int i = 0; entry_key(kind, i) != NULL; i++) {
        const settings_key *key = entry_key(kind, i);
        config_node *value = config_find(node, key->path);
        if (value != NULL)
            faults_add(&found, key_read(&entry, key, value));
        else if (key->fallback != NULL)
            faults_add(&found, key_default(&entry, key));
        else if (!key->optional)
            faults_add(&found, tell_missing(node, kind, key));
    }
    faults_add(&found, config_check_read(node)); /* a misspelt key is the cause of much that a check finds missing */
    TRY(faults_end(&found));
    if (kind->check != NULL) TRY(kind->check(&entry, node));
    if (entry.cost_model[0] == '\0') strcpy(entry.cost_model, "none");
    *out = entry;
    return status_ok();
}

/* A list or name that was left out. */
static bool is_absent(const sweep_entry *entry, const settings_key *key)
{
    const char *base = (const char *)entry;
    if (!key->optional) return false;
    return key->room > 0 ? *(const int *)(const void *)(base + key->count_offset) == 0 : base[key->offset] == '\0';
}

void entry_write(FILE *out, const sweep_entry *entry, const entry_kind *kind)
{
    fprintf(out, "{ strategy = \"%s\"; ", entry->strategy);
    for (int i = 0; entry_key(kind, i) != NULL; i++) {
        const settings_key *key = entry_key(kind, i);
        if (is_absent(entry, key)) continue;
        fprintf(out, "%s = ", key->path);
        key_write(out, entry, key);
        fputs("; ", out);
    }
    fputs("}", out);
}

void entry_write_options(FILE *out, const sweep_entry *entry, const entry_kind *kind)
{
    for (int i = 0; entry_key(kind, i) != NULL; i++) {
        const settings_key *key = entry_key(kind, i);
        if (key->expands || is_absent(entry, key) || (key->later && key_has_default(entry, key))) continue;
        fprintf(out, "%s = ", key->path);
        key_write(out, entry, key);
        fputs("\n", out);
    }
}

void entry_place(char out[ENTRY_PLACE], const settings *s, int entry)
{
    if (s->entries[entry].line > 0)
        snprintf(out, ENTRY_PLACE, "line %d", s->entries[entry].line);
    else
        snprintf(out, ENTRY_PLACE, "entry %d", entry + 1);
}
