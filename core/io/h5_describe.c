/* What a data set that others wrote looks like, and texts of fixed length. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5.h"
#include "core/io/h5_internal.h"

static h5_kind kind_of(hid_t type)
{
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return H5Tget_sign(type) == H5T_SGN_NONE ? H5_UNSIGNED : H5_SIGNED;
    case H5T_FLOAT:
        return H5_FLOAT;
    case H5T_STRING:
        return H5_TEXT;
    default:
        return H5_OTHER;
    }
}

/* The first filter of the data set that this library cannot undo; "" when it can undo all. */
static void missing_filter(char *out, size_t room, hid_t create)
{
    out[0] = '\0';
    for (int i = 0; i < H5Pget_nfilters(create); i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(create, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
        if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
        snprintf(out, room, "%.40s", name[0] != '\0' ? name : "unknown");
        return;
    }
}

static bool describe(h5_description *d, hid_t set)
{
    hsize_t extent[H5_MAX_RANK];
    hid_t space = H5Dget_space(set), type = H5Dget_type(set), create = H5Dget_create_plist(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool good = rank >= 0 && rank <= H5_MAX_RANK && type >= 0 && create >= 0 &&
                (rank == 0 || H5Sget_simple_extent_dims(space, extent, NULL) >= 0);
    if (good) {
        *d = (h5_description){.rank = rank, .kind = kind_of(type), .element = H5Tget_size(type)};
        for (int i = 0; i < rank; i++) d->dims[i] = (size_t)extent[i];
        d->plain = H5Pget_layout(create) == H5D_CONTIGUOUS && H5Pget_external_count(create) == 0;
        haddr_t offset = d->plain ? H5Dget_offset(set) : HADDR_UNDEF;
        d->plain = offset != HADDR_UNDEF;
        d->offset = d->plain ? offset : 0;
        missing_filter(d->missing_filter, sizeof d->missing_filter, create);
    }
    if (create >= 0) H5Pclose(create);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return good;
}

status h5_describe(h5_description *out, h5_id parent, const char *name)
{
    hid_t set = H5Dopen2(parent, name, H5P_DEFAULT);
    if (set < 0) return h5_fail(parent, name, "open data set");
    bool good = describe(out, set);
    H5Dclose(set);
    return good ? status_ok() : status_fail(STATUS_DATA, "data set '%s' has a shape or a type that is not read", name);
}

/* count texts of `length` bytes each, NUL-padded or not -> one block of pointers and texts. */
static char **unpack(const char *fixed, size_t count, size_t length)
{
    char **out = malloc(count * sizeof *out + count * (length + 1) + 1);
    if (out == NULL) return NULL;
    char *text = (char *)(out + count);
    for (size_t i = 0; i < count; i++) {
        size_t used = 0;
        while (used < length && fixed[i * length + used] != '\0') used++;
        while (used > 0 && fixed[i * length + used - 1] == ' ') used--;
        memcpy(text, fixed + i * length, used);
        text[used] = '\0';
        out[i] = text;
        text += used + 1;
    }
    return out;
}

status h5_read_fixed_strings(char ***out, size_t count, h5_id set, const char *name)
{
    enum { MOST = 1 << 24 };
    hid_t type = H5Dget_type(set);
    size_t length = type >= 0 ? H5Tget_size(type) : 0;
    status s = status_ok();
    char *fixed = NULL;
    if (length == 0 || length > MOST / (count + 1))
        s = status_fail(STATUS_DATA, "the texts of data set '%s' have the impossible length %zu", name, length);
    else if ((fixed = malloc(count * length + 1)) == NULL)
        s = status_fail(STATUS_MEMORY, "no memory for the texts of data set '%s'", name);
    else if (count > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, fixed) < 0)
        s = h5_fail(set, name, "read texts of");
    if (!failed(s) && (*out = unpack(fixed, count, length)) == NULL)
        s = status_fail(STATUS_MEMORY, "no memory for the texts of data set '%s'", name);
    free(fixed);
    if (type >= 0) H5Tclose(type);
    return s;
}

bool h5_has_fixed_strings(h5_id set)
{
    hid_t type = H5Dget_type(set);
    bool fixed = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    if (type >= 0) H5Tclose(type);
    return fixed;
}
