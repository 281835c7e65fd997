#include "core/data/import/importer.h"

#include <assert.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/number.h"
#include "core/data/prepared.h"

static int find_key(const import_request *r, const char *name)
{
    for (int i = 0; r->what->keys[i].name != NULL; i++)
        if (strcmp(r->what->keys[i].name, name) == 0) return i;
    assert(false && "a key of this importer");
    return 0;
}

static status check_number(const import_request *r, const import_key *k, const char *text)
{
    int64_t whole;
    double value;
    const bool read = k->type == IMPORT_INTEGER ? number_whole(&whole, text, (int64_t)k->low, (int64_t)k->high)
                                                : number_real(&value, text, k->low, k->high);
    const char *kind = k->type == IMPORT_INTEGER ? "a whole number" : "a number";
    if (!read)
        return status_fail(STATUS_CONFIG, "prepare %s: --%s wants %s from %.10g to %.10g, not \"%.60s\"", r->what->name,
                           k->name, kind, k->low, k->high, text);
    return status_ok();
}

static status check_key(const import_request *r, const import_key *k, const char *text)
{
    if (text == NULL) {
        if (!k->needed) return status_ok();
        return status_fail(STATUS_CONFIG, "prepare: %s needs --%s %s", r->what->name, k->name, k->value);
    }
    if (k->type == IMPORT_PATH && !file_exists(text))
        return status_fail(STATUS_CONFIG, "prepare: %s %.300s does not exist", k->name, text);
    if (k->type == IMPORT_INTEGER || k->type == IMPORT_NUMBER) return check_number(r, k, text);
    return status_ok();
}

status import_check(const import_request *r)
{
    for (int i = 0; r->what->keys[i].name != NULL; i++) TRY(check_key(r, &r->what->keys[i], r->values[i]));
    return status_ok();
}

const char *import_text(const import_request *r, const char *key)
{
    int i = find_key(r, key);
    return r->values[i] != NULL ? r->values[i] : r->what->keys[i].fallback;
}

long import_integer(const import_request *r, const char *key)
{
    int64_t value = 0;
    number_whole(&value, import_text(r, key), INT64_MIN, INT64_MAX);
    return (long)value;
}

double import_number(const import_request *r, const char *key)
{
    double value = 0;
    number_real(&value, import_text(r, key), -DBL_MAX, DBL_MAX);
    return value;
}

bool import_switch(const import_request *r, const char *key)
{
    return r->values[find_key(r, key)] != NULL;
}

bool import_given(const import_request *r, const char *key)
{
    return r->values[find_key(r, key)] != NULL;
}

void import_name(char *out, size_t size, const import_request *r, const char *source)
{
    if (import_given(r, "name")) {
        snprintf(out, size, "%s", import_text(r, "name"));
        return;
    }
    file_basename(out, size, source);
    char *dot = out[0] != '\0' ? strchr(out + 1, '.') : NULL;
    if (dot != NULL) *dot = '\0';
}

static void add_text(checksum *sum, const char *text)
{
    checksum_add(sum, text != NULL ? text : "\n", text != NULL ? strlen(text) + 1 : 2);
}

void import_add_options(checksum *sum, const import_request *r)
{
    add_text(sum, r->what->name);
    for (int k = 0; r->what->keys[k].name != NULL; k++) add_text(sum, r->values[k]);
}

const import_ranks *import_who(const import_request *r)
{
    return r->ranks != NULL ? r->ranks : &import_alone;
}

void import_progress(const import_request *r, const char *what, long done, long of)
{
    if (r->progress != NULL && import_who(r)->rank == 0) r->progress(what, done, of);
}
