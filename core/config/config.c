#define _POSIX_C_SOURCE 200809L
#include "core/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/faults.h"
#include "core/base/file.h"
#include "core/base/spelling.h"

enum { PATH_TEXT = 256, VALUE_TEXT = 80 };

/* A setting that was read carries a hook; the root's hook is its config. */
struct config {
    config_t tree;
    char *origin;
    bool lines;
    char **asked; /* every path asked for, found or not: the known keys */
    int asked_count, asked_room;
};

static config *owner(const config_node *node)
{
    while (node->parent != NULL) node = node->parent;
    return node->hook;
}

/* ---- where: "x.cfg:12" and "layers[b1.c1].kernel" ---- */

static void append(char out[PATH_TEXT], const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, PATH_TEXT - used, "%s", text);
}

/* An element of a list is called by its `name` if it has one, else by its position from 0. */
static void node_path(char out[PATH_TEXT], const config_node *node)
{
    if (node->parent == NULL) {
        out[0] = '\0';
        return;
    }
    node_path(out, node->parent);
    if (node->name != NULL) {
        if (out[0] != '\0') append(out, ".");
        append(out, node->name);
        return;
    }
    const char *name;
    char element[64];
    if (config_setting_is_group(node) && config_setting_lookup_string(node, "name", &name))
        snprintf(element, sizeof element, "[%.48s]", name);
    else
        snprintf(element, sizeof element, "[%d]", config_setting_index(node));
    append(out, element);
}

static status fail_at(const config *c, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static status fail_at(const config *c, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!c->lines) return status_fail(STATUS_CONFIG, "%.200s: %s", c->origin, text);
    return status_fail(STATUS_CONFIG, "%.200s:%d: %s", c->origin, line, text);
}

status config_fail(const config_node *node, const char *format, ...)
{
    char path[PATH_TEXT], text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    node_path(path, node);
    return fail_at(owner(node), (int)node->line, "%s %s", path, text);
}

int config_line(const config_node *node)
{
    return owner(node)->lines ? (int)node->line : 0;
}

/* ---- opening ---- */

/* Past a string or comment that starts at *at, or *at itself. Counts lines. */
static const char *skip_quiet(const char *at, int *line)
{
    const char *end = at;
    if (*at == '"') {
        for (end = at + 1; *end != '\0' && *end != '"'; end++)
            if (*end == '\\' && end[1] != '\0') end++;
        if (*end == '"') end++;
    } else if (*at == '#' || (at[0] == '/' && at[1] == '/')) {
        end = at + strcspn(at, "\n");
    } else if (at[0] == '/' && at[1] == '*') {
        const char *close = strstr(at + 2, "*/");
        end = close == NULL ? at + strlen(at) : close + 2;
    }
    for (const char *p = at; p < end; p++) *line += *p == '\n';
    return end;
}

/* What libconfig would take but not as written: integers beyond 32 bits without L, and other files. */
static status check_text(const config *c, const char *at)
{
    for (int line = 1; *at != '\0';) {
        const char *next = skip_quiet(at, &line);
        if (next != at) {
            at = next;
        } else if (*at == '@') {
            return fail_at(c, line, "@include is not supported: one file describes everything");
        } else if (isalpha((unsigned char)*at) || *at == '*') {
            while (isalnum((unsigned char)*at) || *at == '*' || *at == '_' || *at == '-') at++;
        } else if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1]))) {
            char *number_end, *integer_end;
            strtod(at, &number_end);
            errno = 0;
            bool hexadecimal = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
            long long value = strtoll(at, &integer_end, hexadecimal ? 16 : 10);
            bool too_long = errno == ERANGE;
            if (integer_end == number_end) {
                int digits = (int)(integer_end - at);
                if (too_long) return fail_at(c, line, "integer %.*s does not fit in 64 bits", digits, at);
                if (value > INT_MAX && *integer_end != 'L')
                    return fail_at(c, line, "integer %.*s needs the suffix L: write %.*sL", digits, at, digits, at);
            }
            at = number_end > integer_end ? number_end : integer_end;
            while (*at == 'L') at++;
        } else {
            line += *at == '\n';
            at++;
        }
    }
    return status_ok();
}

static status parse(config *c, const char *text)
{
    TRY(check_text(c, text));
    if (config_read_string(&c->tree, text) != CONFIG_TRUE) {
        const char *what = config_error_text(&c->tree);
        bool mixed = strstr(what, "mismatched element type") != NULL;
        return fail_at(c, config_error_line(&c->tree), "%s%s", what,
                       mixed ? ": write all numbers of an array alike, [0.5, 1.0], not [0.5, 1]" : "");
    }
    config_setting_set_hook(config_root_setting(&c->tree), c);
    return status_ok();
}

status config_open_text(config **out, const char *text, const char *origin, bool lines)
{
    config *c = calloc(1, sizeof *c);
    if (c == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", origin);
    config_init(&c->tree);
    c->lines = lines;
    c->origin = strdup(origin);
    status s = c->origin == NULL ? status_fail(STATUS_MEMORY, "no memory for %s", origin) : parse(c, text);
    if (failed(s))
        config_close(c);
    else
        *out = c;
    return s;
}

status config_open(config **out, const char *path)
{
    char *text;
    status s = file_read_text(&text, path);
    if (failed(s)) {
        if (s.code == STATUS_IO && access(path, R_OK) != 0) s.code = file_fault(errno);
        return s;
    }
    s = config_open_text(out, text, path, true);
    free(text);
    return s;
}

void config_close(config *c)
{
    if (c == NULL) return;
    config_destroy(&c->tree);
    for (int i = 0; i < c->asked_count; i++) free(c->asked[i]);
    free(c->asked);
    free(c->origin);
    free(c);
}

/* ---- looking up ---- */

/* Remembers section + name as a known key. Only the hints of error messages depend on it, so running out of memory
 * here loses a hint and nothing else. */
static void remember(config *c, const config_node *section, const char *name)
{
    char path[PATH_TEXT];
    node_path(path, section);
    if (path[0] != '\0') append(path, ".");
    append(path, name);
    for (int i = 0; i < c->asked_count; i++)
        if (strcmp(c->asked[i], path) == 0) return;
    if (c->asked_count == c->asked_room) {
        int room = c->asked_room == 0 ? 64 : 2 * c->asked_room;
        char **more = realloc(c->asked, (size_t)room * sizeof *more);
        if (more == NULL) return;
        c->asked = more;
        c->asked_room = room;
    }
    char *copy = strdup(path);
    if (copy != NULL) c->asked[c->asked_count++] = copy;
}

config_node *config_root(config *c)
{
    return config_root_setting(&c->tree);
}

config_node *config_find(config_node *section, const char *path)
{
    config *c = owner(section);
    remember(c, section, path); /* also when the section is absent */
    config_node *node = section;
    while (*path != '\0') {
        char name[PATH_TEXT];
        size_t length = strcspn(path, ".");
        if (!config_setting_is_group(node) || length >= sizeof name) return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        remember(c, node, name);
        config_node *child = config_setting_get_member(node, name);
        if (child == NULL) return NULL;
        config_setting_set_hook(child, c);
        node = child;
        path += length + (path[length] == '.');
    }
    return node;
}

int config_count(const config_node *list)
{
    return config_is_list(list) ? config_setting_length(list) : 0;
}

config_node *config_item(config_node *list, int i)
{
    config_node *item = config_setting_get_elem(list, (unsigned)i);
    if (item != NULL) config_setting_set_hook(item, owner(list));
    return item;
}

bool config_is_section(const config_node *node)
{
    return config_setting_is_group(node);
}

bool config_is_list(const config_node *node)
{
    return config_setting_is_array(node) || config_setting_is_list(node);
}

bool config_is_text(const config_node *node)
{
    return config_setting_type(node) == CONFIG_TYPE_STRING;
}

/* ---- typed values ---- */

static status wrong_type(const config_node *node, const char *wanted)
{
    char value[VALUE_TEXT];
    switch (config_setting_type(node)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(value, sizeof value, "%lld", config_setting_get_int64(node));
        break;
    case CONFIG_TYPE_FLOAT:
        snprintf(value, sizeof value, "%#.10g", config_setting_get_float(node));
        break;
    case CONFIG_TYPE_BOOL:
        snprintf(value, sizeof value, "%s", config_setting_get_bool(node) ? "true" : "false");
        break;
    case CONFIG_TYPE_STRING:
        snprintf(value, sizeof value, "the text \"%.50s\"", config_setting_get_string(node));
        break;
    case CONFIG_TYPE_GROUP:
        snprintf(value, sizeof value, "a section { ... }");
        break;
    default:
        snprintf(value, sizeof value, "a list");
    }
    return config_fail(node, "must be %s, not %s", wanted, value);
}

status config_integer(int64_t *out, const config_node *node)
{
    int type = config_setting_type(node);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) return wrong_type(node, "an integer");
    *out = config_setting_get_int64(node);
    return status_ok();
}

status config_number(double *out, const config_node *node)
{
    if (!config_setting_is_number(node)) return wrong_type(node, "a number");
    double value = config_setting_type(node) == CONFIG_TYPE_FLOAT ? config_setting_get_float(node)
                                                                  : (double)config_setting_get_int64(node);
    if (!isfinite(value)) return config_fail(node, "is too large for a number");
    *out = value;
    return status_ok();
}

status config_switch(bool *out, const config_node *node)
{
    if (config_setting_type(node) != CONFIG_TYPE_BOOL) return wrong_type(node, "true or false");
    *out = config_setting_get_bool(node) != 0;
    return status_ok();
}

status config_text(const char **out, const config_node *node)
{
    if (!config_is_text(node)) return wrong_type(node, "a text in double quotes");
    *out = config_setting_get_string(node);
    return status_ok();
}

/* ---- what nobody asked for ---- */

static const char *last_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}

/* The names that were asked for in the section of `path`, whose first `parent` letters are the section. */
static void list_known(char known[PATH_TEXT], const config *c, const char *path, size_t parent)
{
    for (int i = 0; i < c->asked_count; i++) {
        const char *name = last_name(c->asked[i]);
        if ((size_t)(name - c->asked[i]) != parent || strncmp(c->asked[i], path, parent) != 0) continue;
        if (known[0] != '\0') append(known, ", ");
        append(known, name);
    }
}

static status unknown_key(const config *c, const config_node *node)
{
    char path[PATH_TEXT];
    node_path(path, node);
    size_t parent = (size_t)(last_name(path) - path);
    int closest = spelling_limit(node->name);
    const char *hint = NULL;
    for (int i = 0; i < c->asked_count; i++) { /* a name of the same section that is spelled nearly so */
        const char *known = c->asked[i], *name = last_name(known);
        if ((size_t)(name - known) != parent || strncmp(known, path, parent) != 0) continue;
        int d = spelling_distance(name, node->name);
        if (d >= closest) continue;
        closest = d;
        hint = known;
    }
    /* The right name in the wrong section; of an item of a list, which has no other section, never. */
    for (int i = 0; i < c->asked_count && hint == NULL && strchr(path, '[') == NULL; i++)
        if (strchr(c->asked[i], '[') == NULL && strcmp(last_name(c->asked[i]), node->name) == 0) hint = c->asked[i];
    if (hint != NULL) return fail_at(c, (int)node->line, "unknown key \"%s\" (did you mean \"%s\"?)", path, hint);
    char known[PATH_TEXT] = "";
    if (strchr(path, '[') != NULL) list_known(known, c, path, parent);
    return fail_at(c, (int)node->line, "unknown key \"%s\"%s%s", path, known[0] != '\0' ? "; here are possible: " : "",
                   known);
}

/* Was a key below this setting asked for? */
static bool wanted_as_section(const config *c, const config_node *node)
{
    char path[PATH_TEXT];
    node_path(path, node);
    append(path, ".");
    for (int i = 0; i < c->asked_count; i++)
        if (strncmp(c->asked[i], path, strlen(path)) == 0) return true;
    return false;
}

static void check_children(faults *found, const config *c, const config_node *parent)
{
    for (int i = 0; i < config_setting_length(parent); i++) {
        const config_node *child = config_setting_get_elem(parent, (unsigned)i);
        if (child->name != NULL && child->hook == NULL)
            faults_add(found, unknown_key(c, child));
        else if (child->name != NULL && !config_setting_is_group(child) && wanted_as_section(c, child))
            faults_add(found, wrong_type(child, "a section { ... }"));
        else if (config_setting_is_aggregate(child))
            check_children(found, c, child);
    }
}

status config_check_read(const config_node *section)
{
    faults found = {.untold = 0};
    check_children(&found, owner(section), section);
    return faults_end(&found);
}
