/* What a data set that others wrote looks like. */
#include <hdf5.h>
#include <stdio.h>

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

/* The first filter of the data set that is not read (h5_guard.c); "" when all are. */
static void missing_filter(char *out, size_t room, hid_t create)
{
    out[0] = '\0';
    for (int i = 0; i < H5Pget_nfilters(create); i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(create, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
        if (filter < 0 || filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
            filter == H5Z_FILTER_FLETCHER32)
            continue;
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
    TRY(h5_guard_there(parent, name, "data set"));
    hid_t set = H5Dopen2(parent, name, H5P_DEFAULT);
    if (set < 0) return h5_fail(parent, name, "open data set");
    bool good = describe(out, set);
    h5_extent extent;
    status guarded = good && out->missing_filter[0] == '\0' ? h5_guard_set(&extent, set, name) : status_ok();
    H5Dclose(set);
    TRY(guarded);
    return good ? status_ok() : status_fail(STATUS_DATA, "data set '%s' has a shape or a type that is not read", name);
}
