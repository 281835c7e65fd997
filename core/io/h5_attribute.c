#define _POSIX_C_SOURCE 200809L
/* Attributes: texts (UTF-8, of fixed length, which needs no heap; above 60 KiB of variable length) and numbers. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5.h"
#include "core/io/h5_internal.h"

static status add_any(hid_t target, const char *name, hid_t stored, hid_t given, const void *value)
{
    status result = status_ok();
    const hid_t space = h5_scalar();
    hid_t attribute = space >= 0 ? H5Acreate2(target, name, stored, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    if (attribute < 0 || H5Awrite(attribute, given, value) < 0) result = h5_fail(target, name, "write attribute");
    if (attribute >= 0) H5Aclose(attribute);
    return result;
}

/* Attributes of an object have to fit into its header: 64 KiB each. */
enum { FIXED_BYTES = 60 * 1024 };

static status add_long_text(hid_t target, const h5_text_attribute *a)
{
    hid_t type = h5_text_type();
    if (type < 0) return h5_fail(target, a->name, "make the text type of");
    status result = add_any(target, a->name, type, type, &a->text);
    H5Tclose(type);
    return result;
}

/* type: of a text of fixed length, which gets that of this one. */
static status add_text(hid_t target, const h5_text_attribute *a, hid_t type)
{
    const size_t length = strlen(a->text);
    if (length > FIXED_BYTES) return add_long_text(target, a);
    if (H5Tset_size(type, length > 0 ? length : 1) < 0) return h5_fail(target, a->name, "make the text type of");
    return add_any(target, a->name, type, type, a->text);
}

status h5_add_texts(h5_id target, const h5_text_attribute *list, size_t count)
{
    hid_t type = h5_fixed_text_type(1);
    if (type < 0) return h5_fail(target, ".", "make a text type of");
    status result = status_ok();
    for (size_t i = 0; i < count && !failed(result); i++) result = add_text(target, &list[i], type);
    H5Tclose(type);
    return result;
}

/* How a value is written to an open object: h5_add_texts, or a number. */
typedef struct {
    hid_t stored, given;
    const void *value;
    const char *text; /* instead of the three */
} new_value;

/* Writes one scalar attribute, replacing one of the same name. */
static status set_any(h5_id parent, const char *object, const char *name, new_value v)
{
    bool is_parent = strcmp(object, ".") == 0;
    hid_t target = is_parent ? parent : H5Oopen(parent, object, H5P_DEFAULT);
    if (target < 0) return h5_fail(parent, object, "open");
    status result = status_ok();
    if (H5Aexists(target, name) > 0 && H5Adelete(target, name) < 0)
        result = h5_fail(target, name, "replace attribute");
    else
        result = v.text != NULL ? h5_add_texts(target, &(h5_text_attribute){name, v.text}, 1)
                                : add_any(target, name, v.stored, v.given, v.value);
    if (!is_parent) H5Oclose(target);
    return result;
}

status h5_set_text(h5_id parent, const char *object, const char *name, const char *text)
{
    return set_any(parent, object, name, (new_value){.text = text != NULL ? text : ""});
}

status h5_set_number(h5_id parent, const char *object, const char *name, double value)
{
    return set_any(parent, object, name, (new_value){H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, NULL});
}

status h5_set_integer(h5_id parent, const char *object, const char *name, int64_t value)
{
    return set_any(parent, object, name, (new_value){H5T_STD_I64LE, H5T_NATIVE_INT64, &value, NULL});
}

/* An open attribute of one value, to be closed by close_scalar. */
typedef struct {
    hid_t attribute, type;
    H5T_class_t kind;
} scalar;

static void close_scalar(const scalar *s)
{
    if (s->type >= 0) H5Tclose(s->type);
    H5Aclose(s->attribute);
}

/* Why it could not be opened. */
static status refuse_attribute(h5_id parent, const char *object, const char *name)
{
    status unread = h5_fail(parent, name, "open attribute");
    if (unread.code != STATUS_DATA) return unread; /* HDF5 finds nothing where a read failed */
    if (H5Aexists_by_name(parent, object, name, H5P_DEFAULT) != 0) return unread;
    char file[200];
    h5_file_name(file, sizeof file, parent);
    return status_fail(STATUS_DATA, "%s has no attribute '%s' at '%s'", file, name, h5_called(parent, object));
}

/* Arrays are refused because callers have room for one value. */
static status check_scalar(scalar *s, const char *object, const char *name)
{
    hid_t space = H5Aget_space(s->attribute);
    bool single = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    if (space >= 0) H5Sclose(space);
    if (!single) return status_fail(STATUS_DATA, "attribute '%s' at '%s' is not a single value", name, object);
    s->type = H5Aget_type(s->attribute);
    if (s->type < 0) return h5_fail(s->attribute, name, "find the type of attribute");
    s->kind = H5Tget_class(s->type);
    return h5_guard_type(s->type, name);
}

static status open_scalar(scalar *out, h5_id parent, const char *object, const char *name)
{
    const bool here = strcmp(object, ".") == 0;
    TRY(h5_guard_there(parent, object, "object"));
    scalar s = {.type = -1};
    s.attribute =
        here ? H5Aopen(parent, name, H5P_DEFAULT) : H5Aopen_by_name(parent, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (s.attribute < 0) return refuse_attribute(parent, object, name);
    status sound = check_scalar(&s, h5_called(parent, object), name);
    if (failed(sound))
        close_scalar(&s);
    else
        *out = s;
    return sound;
}

/* Texts are not converted. */
static status check_number(const scalar *s, const char *object, const char *name)
{
    if (s->kind == H5T_INTEGER || s->kind == H5T_FLOAT || s->kind == H5T_ENUM) return status_ok();
    return status_fail(STATUS_DATA, "attribute '%s' at '%s' holds %s where a number is wanted", name, object,
                       s->kind == H5T_STRING ? "a text" : "something else");
}

status h5_get_number(double *out, h5_id parent, const char *object, const char *name)
{
    double value;
    scalar s;
    TRY(open_scalar(&s, parent, object, name));
    object = h5_called(parent, object);
    status result = check_number(&s, object, name);
    if (!failed(result) && H5Aread(s.attribute, H5T_NATIVE_DOUBLE, &value) < 0)
        result = h5_fail(parent, name, "read attribute");
    close_scalar(&s);
    if (!failed(result)) *out = value;
    return result;
}

/* Programs that know floats only store whole numbers so; another one would be cut. */
static status read_integer(int64_t *out, const scalar *s, const char *object, const char *name)
{
    double real = 0;
    TRY(check_number(s, object, name));
    if (H5Aread(s->attribute, H5T_NATIVE_INT64, out) < 0 ||
        (s->kind == H5T_FLOAT && H5Aread(s->attribute, H5T_NATIVE_DOUBLE, &real) < 0))
        return h5_fail(s->attribute, name, "read attribute");
    if (real == 0 || real == (double)*out) return status_ok();
    return status_fail(STATUS_DATA, "attribute '%s' at '%s' is %g, no whole number", name, object, real);
}

status h5_get_integer(int64_t *out, h5_id parent, const char *object, const char *name)
{
    int64_t value;
    scalar s;
    TRY(open_scalar(&s, parent, object, name));
    object = h5_called(parent, object);
    status result = read_integer(&value, &s, object, name);
    close_scalar(&s);
    if (!failed(result)) *out = value;
    return result;
}

static status get_variable_text(char **out, hid_t attribute, hid_t type, const char *name)
{
    char *found = NULL;
    if (H5Aread(attribute, type, &found) < 0) return h5_fail(attribute, name, "read attribute");
    char *copy = strdup(found != NULL ? found : "");
    if (found != NULL) H5free_memory(found);
    if (copy == NULL) return status_fail(STATUS_MEMORY, "no memory for the text of attribute '%s'", name);
    *out = copy;
    return status_ok();
}

/* Texts of fixed length, as other programs write them; HDF5 does not convert between the two kinds. */
static status get_fixed_text(char **out, hid_t attribute, hid_t type, const char *name)
{
    char *text = calloc(H5Tget_size(type) + 1, 1);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for the text of attribute '%s'", name);
    if (H5Aread(attribute, type, text) < 0) {
        free(text);
        return h5_fail(attribute, name, "read attribute");
    }
    *out = text;
    return status_ok();
}

status h5_get_text(char **out, h5_id parent, const char *object, const char *name)
{
    scalar s;
    TRY(open_scalar(&s, parent, object, name));
    object = h5_called(parent, object);
    status result;
    if (s.kind != H5T_STRING)
        result = status_fail(STATUS_DATA, "attribute '%s' at '%s' is no text", name, object);
    else if (H5Tis_variable_str(s.type) > 0)
        result = get_variable_text(out, s.attribute, s.type, name);
    else
        result = get_fixed_text(out, s.attribute, s.type, name);
    close_scalar(&s);
    return result;
}

bool h5_has_attribute(h5_id parent, const char *object, const char *name)
{
    return H5Aexists_by_name(parent, object, name, H5P_DEFAULT) > 0;
}
