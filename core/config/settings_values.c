/* Reading, checking and writing the value of one key; see settings_keys.h. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/config/config.h"
#include "core/config/settings.h"
#include "core/config/settings_keys.h"

static void *field_of(void *base, const settings_key *key)
{
    return (char *)base + key->offset;
}

static const void *const_field_of(const void *base, const settings_key *key)
{
    return (const char *)base + key->offset;
}

static int *count_of(void *base, const settings_key *key)
{
    return (int *)(void *)((char *)base + key->count_offset);
}

static int const_count_of(const void *base, const settings_key *key)
{
    return *(const int *)(const void *)((const char *)base + key->count_offset);
}

/* ---- ranges ---- */

static void choices_text(char *out, size_t room, const char *const *choices)
{
    out[0] = '\0';
    for (int i = 0; choices[i] != NULL; i++) {
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%s\"%s\"", i == 0 ? "" : " | ", choices[i]);
    }
}

static void range_text(char *out, size_t room, const settings_key *key)
{
    if (key->choices != NULL) {
        choices_text(out, room, key->choices);
    } else if (key->allowed != NULL) {
        out[0] = '\0';
        for (const int *a = key->allowed; *a != 0; a++) {
            size_t used = strlen(out);
            snprintf(out + used, room - used, "%s%d", a == key->allowed ? "" : ", ", *a);
        }
    } else if (key->type == KEY_SEEDS) {
        snprintf(out, room, "0 ... %" PRId64, INT64_MAX);
    } else if (key->type == KEY_INTEGER || key->type == KEY_INTEGERS) {
        snprintf(out, room, "%.0f ... %.0f", key->low, key->high);
    } else {
        snprintf(out, room, "%s%.15g ... %.15g", key->above_low ? "above " : "", key->low, key->high);
    }
}

static status out_of_range(const settings_key *key, const config_node *node, const char *value)
{
    char range[160];
    range_text(range, sizeof range, key);
    const char *kind = key->allowed != NULL ? "one of " : key->above_low ? "" : "in ";
    return config_fail(node, "must be %s%s, not %s", kind, range, value);
}

/* ---- reading ---- */

static status read_integer(int64_t *out, const settings_key *key, const config_node *node)
{
    int64_t value;
    char text[32];
    TRY(config_integer(&value, node));
    snprintf(text, sizeof text, "%" PRId64, value);
    if (key->allowed != NULL) {
        const int *a = key->allowed;
        while (*a != 0 && *a != value) a++;
        if (*a == 0) return out_of_range(key, node, text);
    } else if (key->type == KEY_SEEDS ? value < 0 : (double)value < key->low || (double)value > key->high) {
        return out_of_range(key, node, text);
    }
    *out = value;
    return status_ok();
}

static status read_number(double *out, const settings_key *key, const config_node *node)
{
    double value;
    TRY(config_number(&value, node));
    if (value < key->low || value > key->high || (key->above_low && value == key->low)) {
        char text[40];
        snprintf(text, sizeof text, "%.15g", value);
        return out_of_range(key, node, text);
    }
    *out = value;
    return status_ok();
}

static status read_choice(int *out, const char *const *choices, const config_node *node)
{
    const char *text;
    TRY(config_text(&text, node));
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(text, choices[i]) != 0) continue;
        *out = i;
        return status_ok();
    }
    char all[400];
    choices_text(all, sizeof all, choices);
    return config_fail(node, "must be %s, not \"%.60s\"", all, text);
}

static status read_name(char out[MAX_NAME], const settings_key *key, const config_node *node)
{
    const char *text;
    TRY(config_text(&text, node));
    if (key->choices != NULL) {
        int position;
        TRY(read_choice(&position, key->choices, node));
    }
    if (strlen(text) >= MAX_NAME) return config_fail(node, "is longer than %d characters", MAX_NAME - 1);
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            return config_fail(node, "may hold letters, digits and . _ - only, not \"%s\"", text);
    if (text[0] == '.' || text[0] == '-') return config_fail(node, "may not start with %c", text[0]);
    strcpy(out, text);
    return status_ok();
}

static status read_file(char out[MAX_PATH_TEXT], const config_node *node)
{
    const char *text;
    TRY(config_text(&text, node));
    if (text[0] == '\0') return config_fail(node, "must name a file");
    if (strlen(text) >= MAX_PATH_TEXT) return config_fail(node, "is longer than %d characters", MAX_PATH_TEXT - 1);
    strcpy(out, text);
    return status_ok();
}

static status read_list_length(int *out, const settings_key *key, const config_node *node)
{
    if (!config_is_list(node)) return config_fail(node, "must be a list: [ ... ]");
    int count = config_count(node);
    if (count > key->room) return config_fail(node, "has %d elements; at most %d are possible", count, key->room);
    *out = count;
    return status_ok();
}

/* Distinct everywhere: twice the same precision, seed or epoch is a slip of the hand. */
static status read_integers(void *base, const settings_key *key, config_node *node)
{
    int64_t values[MAX_STRENGTHS];
    int count = 0;
    TRY(read_list_length(&count, key, node));
    for (int i = 0; i < count; i++) {
        const config_node *item = config_item(node, i);
        TRY(read_integer(&values[i], key, item));
        for (int j = 0; j < i; j++)
            if (values[j] == values[i]) return config_fail(node, "holds %" PRId64 " twice", values[i]);
        if (key->ascending && i > 0 && values[i] < values[i - 1])
            return config_fail(node, "must be ascending: %" PRId64 " comes after %" PRId64, values[i], values[i - 1]);
    }
    for (int i = 0; i < count; i++) {
        if (key->type == KEY_SEEDS)
            ((uint64_t *)field_of(base, key))[i] = (uint64_t)values[i];
        else
            ((int *)field_of(base, key))[i] = (int)values[i];
    }
    *count_of(base, key) = count;
    return status_ok();
}

/* { from, to, count }: equal ratios. Rounded to 6 digits, so that the strengths read well and do not depend on the last
 * bit of a library's pow. */
static status read_geometric(void *base, const settings_key *key, config_node *node)
{
    config_node *from_node = config_find(node, "from"), *to_node = config_find(node, "to"),
                *count_node = config_find(node, "count");
    TRY(config_check_read(node));
    if (from_node == NULL || to_node == NULL || count_node == NULL)
        return config_fail(node, "needs from, to and count: { from = 0.1; to = 10.0; count = 6; }");
    double from, to;
    int64_t count;
    TRY(read_number(&from, key, from_node));
    TRY(read_number(&to, key, to_node));
    TRY(config_integer(&count, count_node));
    if (from <= 0) return config_fail(from_node, "must be above 0 for equal ratios");
    if (to <= 0) return config_fail(to_node, "must be above 0 for equal ratios");
    if (count < 2 || count > key->room)
        return config_fail(count_node, "must be in 2 ... %d, not %" PRId64, key->room, count);
    double *values = field_of(base, key);
    for (int i = 0; i < count; i++) {
        char digits[40];
        snprintf(digits, sizeof digits, "%.6g", from * pow(to / from, (double)i / (double)(count - 1)));
        number_real(&values[i], digits, 0, DBL_MAX);
    }
    *count_of(base, key) = (int)count;
    return status_ok();
}

static status read_numbers(void *base, const settings_key *key, config_node *node)
{
    if (key->type == KEY_STRENGTHS && config_is_section(node)) return read_geometric(base, key, node);
    double *values = field_of(base, key);
    int count = 0;
    TRY(read_list_length(&count, key, node));
    for (int i = 0; i < count; i++) TRY(read_number(&values[i], key, config_item(node, i)));
    *count_of(base, key) = count;
    return status_ok();
}

/* ( [a, b, c], [d, e, f], [g, h, i] ), or ( ) for none. */
static status read_table(void *base, const settings_key *key, config_node *node)
{
    const int side = key->room, rows = config_count(node);
    if (!config_is_list(node)) return config_fail(node, "must be a list of %d rows: ( [ ... ], ... )", side);
    if (rows != 0 && rows != side) return config_fail(node, "has %d rows; it needs %d (or none)", rows, side);
    double *values = field_of(base, key);
    for (int r = 0; r < rows; r++) {
        config_node *row = config_item(node, r);
        if (!config_is_list(row)) return config_fail(row, "must be a row of %d numbers: [ ... ]", side);
        if (config_count(row) != side) return config_fail(row, "has %d numbers; it needs %d", config_count(row), side);
        for (int c = 0; c < side; c++) TRY(read_number(&values[r * side + c], key, config_item(row, c)));
    }
    *count_of(base, key) = rows;
    return status_ok();
}

/* Bytes of one text of a list. */
static size_t text_room(const settings_key *key)
{
    return key->type == KEY_FILES ? MAX_PATH_TEXT : MAX_NAME;
}

static status read_texts(void *base, const settings_key *key, config_node *node)
{
    char *values = field_of(base, key);
    const size_t room = text_room(key);
    int count = 0;
    TRY(read_list_length(&count, key, node));
    for (int i = 0; i < count; i++) {
        const config_node *item = config_item(node, i);
        const char *text;
        TRY(config_text(&text, item));
        if (text[0] == '\0') return config_fail(item, "is empty");
        if (strlen(text) >= room)
            return config_fail(item, "is longer than %zu characters: \"%.40s...\"", room - 1, text);
        memset(values + (size_t)i * room, 0, room); /* equal settings are equal bytes */
        strcpy(values + (size_t)i * room, text);
    }
    *count_of(base, key) = count;
    return status_ok();
}

/* Out of a fixed set, each once, kept in the order of the set, so that equal settings are equal bytes. */
static status read_chosen_texts(void *base, const settings_key *key, config_node *node)
{
    char(*values)[MAX_NAME] = field_of(base, key);
    int count = 0;
    TRY(read_list_length(&count, key, node));
    uint64_t chosen = 0;
    for (int i = 0; i < count; i++) {
        const config_node *item = config_item(node, i);
        int position;
        TRY(read_choice(&position, key->choices, item));
        if (chosen >> position & 1) return config_fail(item, "stands there twice: \"%s\"", key->choices[position]);
        chosen |= UINT64_C(1) << position;
    }
    int kept = 0;
    for (int position = 0; key->choices[position] != NULL; position++)
        if (chosen >> position & 1) snprintf(values[kept++], MAX_NAME, "%s", key->choices[position]);
    *count_of(base, key) = count;
    return status_ok();
}

status key_read(void *base, const settings_key *key, config_node *node)
{
    int64_t integer;
    switch (key->type) {
    case KEY_INTEGER:
        TRY(read_integer(&integer, key, node));
        *(int *)field_of(base, key) = (int)integer;
        return status_ok();
    case KEY_NUMBER:
        return read_number(field_of(base, key), key, node);
    case KEY_SWITCH:
        return config_switch(field_of(base, key), node);
    case KEY_CHOICE:
        return read_choice(field_of(base, key), key->choices, node);
    case KEY_NAME:
        return read_name(field_of(base, key), key, node);
    case KEY_FILE:
        return read_file(field_of(base, key), node);
    case KEY_INTEGERS:
    case KEY_SEEDS:
        return read_integers(base, key, node);
    case KEY_NUMBERS:
    case KEY_STRENGTHS:
        return read_numbers(base, key, node);
    case KEY_TABLE:
        return read_table(base, key, node);
    case KEY_TEXTS:
    case KEY_FILES:
        return key->choices != NULL ? read_chosen_texts(base, key, node) : read_texts(base, key, node);
    }
    return config_fail(node, "has no reader");
}

status key_default(void *base, const settings_key *key)
{
    char text[128], origin[128];
    snprintf(text, sizeof text, "value = %s;", key->fallback);
    snprintf(origin, sizeof origin, "default of %s", key->path);
    config *c;
    TRY(config_open_text(&c, text, origin, false));
    status s = key_read(base, key, config_find(config_root(c), "value"));
    config_close(c);
    return s;
}

/* ---- writing ---- */

/* The shortest of 15, 16 and 17 digits that reads back as the same double, and looks like a number to libconfig. */
static void write_number(FILE *out, double value)
{
    char text[40];
    double read;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (number_real(&read, text, -DBL_MAX, DBL_MAX) && read == value) break;
    }
    fprintf(out, "%s%s", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static void write_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if ((unsigned char)*p < ' ')
            fprintf(out, "\\x%02x", (unsigned)*p);
        else
            fputc(*p, out);
    }
    fputc('"', out);
}

static void write_list(FILE *out, const void *base, const settings_key *key)
{
    const void *values = const_field_of(base, key);
    int count = const_count_of(base, key);
    /* libconfig wants one type in an array: when one seed needs 64 bits, all get the suffix. */
    bool wide = false;
    for (int i = 0; i < count && key->type == KEY_SEEDS; i++) wide = wide || ((const uint64_t *)values)[i] > INT_MAX;
    fputs("[", out);
    for (int i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ", ", out);
        if (key->type == KEY_SEEDS)
            fprintf(out, "%" PRIu64 "%s", ((const uint64_t *)values)[i], wide ? "L" : "");
        else if (key->type == KEY_INTEGERS)
            fprintf(out, "%d", ((const int *)values)[i]);
        else
            write_number(out, ((const double *)values)[i]);
    }
    fputs(count == 0 ? " ]" : "]", out);
}

static void write_table(FILE *out, const void *base, const settings_key *key)
{
    const double *values = const_field_of(base, key);
    const int side = key->room, rows = const_count_of(base, key);
    fputs("( ", out);
    for (int r = 0; r < rows; r++) {
        fputs(r == 0 ? "[" : ", [", out);
        for (int c = 0; c < side; c++) {
            fputs(c == 0 ? "" : ", ", out);
            write_number(out, values[r * side + c]);
        }
        fputs("]", out);
    }
    fputs(rows == 0 ? ")" : " )", out);
}

static void write_texts(FILE *out, const void *base, const settings_key *key)
{
    const char *values = const_field_of(base, key);
    const int count = *(const int *)(const void *)((const char *)base + key->count_offset);
    fputs("[", out);
    for (int i = 0; i < count; i++) {
        if (i > 0) fputs(", ", out);
        write_text(out, values + (size_t)i * text_room(key));
    }
    fputs("]", out);
}

void key_write(FILE *out, const void *base, const settings_key *key)
{
    const void *value = const_field_of(base, key);
    switch (key->type) {
    case KEY_INTEGER:
        fprintf(out, "%d", *(const int *)value);
        break;
    case KEY_NUMBER:
        write_number(out, *(const double *)value);
        break;
    case KEY_SWITCH:
        fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case KEY_CHOICE:
        write_text(out, key->choices[*(const int *)value]);
        break;
    case KEY_NAME:
    case KEY_FILE:
        write_text(out, value);
        break;
    case KEY_INTEGERS:
    case KEY_NUMBERS:
    case KEY_STRENGTHS:
    case KEY_SEEDS:
        write_list(out, base, key);
        break;
    case KEY_TABLE:
        write_table(out, base, key);
        break;
    case KEY_TEXTS:
    case KEY_FILES:
        write_texts(out, base, key);
        break;
    }
}

bool key_has_default(const void *base, const settings_key *key)
{
    char text[128] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    if (out == NULL) return false;
    key_write(out, base, key);
    fclose(out);
    return strcmp(text, key->fallback) == 0;
}

void key_describe(FILE *out, const settings_key *key)
{
    static const char *const kinds[] = {[KEY_INTEGER] = "integer, ",
                                        [KEY_NUMBER] = "number, ",
                                        [KEY_SWITCH] = "true | false",
                                        [KEY_CHOICE] = "",
                                        [KEY_NAME] = "text",
                                        [KEY_FILE] = "path",
                                        [KEY_INTEGERS] = "list of integers, ",
                                        [KEY_NUMBERS] = "list of numbers, ",
                                        [KEY_STRENGTHS] = "list of numbers, ",
                                        [KEY_SEEDS] = "list of integers, ",
                                        [KEY_TABLE] = "rows of numbers, ",
                                        [KEY_TEXTS] = "list of texts",
                                        [KEY_FILES] = "list of paths"};
    char range[400];
    range_text(range, sizeof range, key);
    const bool texts = key->type == KEY_TEXTS;
    const bool plain = key->type == KEY_SWITCH || key->type == KEY_FILE || key->type == KEY_FILES ||
                       ((texts || key->type == KEY_NAME) && key->choices == NULL);
    if (key->choices == NULL || texts) fputs(kinds[key->type], out);
    if (key->allowed != NULL || (texts && !plain)) fputs(texts ? ", out of " : "out of ", out);
    if (!plain) fputs(range, out);
    if (key->ascending) fputs(", ascending", out);
    if (key->unit != NULL) fprintf(out, "; unit: %s", key->unit);
}
