/* Lists of strings: written as a column of one piece; those of other programs may be of fixed or variable length. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/io/h5_column.h"
#include "core/io/h5_internal.h"

h5_id h5_text_type(void)
{
    return h5_fixed_text_type(H5T_VARIABLE);
}

h5_id h5_fixed_text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return -1;
    bool good = H5Tset_size(type, bytes) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    if (good && bytes != H5T_VARIABLE) good = H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0;
    if (good) return type;
    H5Tclose(type);
    return -1;
}

status h5_write_strings(h5_id parent, const char *name, size_t count, const char *const *strings, h5_about about)
{
    h5_text_shape shape = {0};
    h5_column column;
    for (size_t i = 0; i < count; i++) h5_text_shape_add(&shape, strings[i]);
    TRY(h5_column_begin_texts(&column, parent, name, count, shape, about));
    return h5_column_end(&column, h5_column_add_texts(&column, count, strings));
}

/* One block: the pointers, then the strings. */
static char **pack_strings(char *const *strings, size_t count)
{
    size_t bytes = 1;
    for (size_t i = 0; i < count; i++) bytes += strings[i] != NULL ? strlen(strings[i]) + 1 : 1;
    char **packed = malloc(count * sizeof *packed + bytes);
    if (packed == NULL) return NULL;
    char *text = (char *)(packed + count);
    for (size_t i = 0; i < count; i++) {
        const char *from = strings[i] != NULL ? strings[i] : "";
        size_t length = strlen(from) + 1;
        packed[i] = memcpy(text, from, length);
        text += length;
    }
    return packed;
}

static status no_memory(const char *name)
{
    return status_fail(STATUS_MEMORY, "no memory for the strings of data set '%s'", name);
}

static status read_variable(char ***out, hid_t set, const char *name, size_t n, hid_t type)
{
    status result = status_ok();
    char **strings = calloc(n + 1, sizeof *strings), **packed = NULL;
    hid_t space = H5Dget_space(set);
    if (strings == NULL) {
        result = no_memory(name);
    } else if (space < 0 || (n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, strings) < 0)) {
        result = h5_fail(set, ".", "read the strings of");
    } else {
        packed = pack_strings(strings, n);
        if (packed == NULL) result = no_memory(name);
        if (n > 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
    }
    free(strings);
    if (space >= 0) H5Sclose(space);
    if (!failed(result)) *out = packed;
    return result;
}

/* Elements of `room` bytes, as they are in the file; padding after a NUL, or of spaces (Fortran), is taken away. */
static status read_fixed(char ***out, hid_t set, const char *name, size_t n, hid_t type)
{
    size_t room = H5Tget_size(type), bytes = size_product(size_sum(n, 1), size_sum(room, 1 + sizeof(char *)));
    char *raw = size_allocate(size_product(size_sum(n, 1), room));
    char **packed = size_allocate(bytes);
    status result = status_ok();
    if (raw == NULL || packed == NULL)
        result = no_memory(name);
    else if (n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw) < 0)
        result = h5_fail(set, ".", "read the strings of");
    bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *text = packed != NULL ? (char *)(packed + n) : NULL;
    for (size_t i = 0; i < n && !failed(result); i++) {
        const char *from = raw + i * room, *end = memchr(from, 0, room);
        size_t length = end != NULL ? (size_t)(end - from) : room;
        while (spaces && length > 0 && from[length - 1] == ' ') length--;
        packed[i] = memcpy(text, from, length);
        text[length] = '\0';
        text += length + 1;
    }
    free(raw);
    if (failed(result))
        free(packed);
    else
        *out = packed;
    return result;
}

status h5_read_strings(char ***out, size_t *count, h5_id parent, const char *name)
{
    h5_id set = -1;
    h5_extent extent;
    TRY(h5_open_set(&set, &extent, parent, name));
    name = h5_called(parent, name);
    const size_t n = h5_extent_count(&extent);
    hid_t type = H5Dget_type(set);
    status result;
    if (extent.rank != 1)
        result = status_fail(STATUS_DATA, "data set '%s' has %d dimensions where 1 is expected", name, extent.rank);
    else if (type < 0 || !extent.texts)
        result = status_fail(STATUS_DATA, "data set '%s' does not hold texts", name);
    else if (H5Tis_variable_str(type) > 0)
        result = read_variable(out, set, name, n, type);
    else
        result = read_fixed(out, set, name, n, type);
    if (type >= 0) H5Tclose(type);
    H5Dclose(set);
    if (!failed(result)) *count = n;
    return result;
}
