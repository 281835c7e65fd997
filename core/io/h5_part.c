/* Data sets that are written and read in pieces. */
#include <hdf5.h>

#include "core/io/h5.h"
#include "core/io/h5_internal.h"

static hid_t part_type(h5_type type)
{
    return type == H5_I8 ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
}

/* Rows first ... first+rows-1 of the data set, as a selection in the file, and a block of the same size in memory. */
static status select_rows(hid_t *in_file, hid_t *in_memory, hid_t set, const char *name, size_t first, size_t rows)
{
    hsize_t extent[H5_MAX_RANK], start[H5_MAX_RANK] = {first};
    hid_t space = H5Dget_space(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    if (rank < 1 || rank > H5_MAX_RANK || H5Sget_simple_extent_dims(space, extent, NULL) < 0 || first > extent[0] ||
        rows > extent[0] - first) {
        if (space >= 0) H5Sclose(space);
        return status_fail(STATUS_DATA, "data set '%s' has no %zu rows from row %zu on", name, rows, first);
    }
    extent[0] = rows;
    *in_memory = H5Screate_simple(rank, extent, NULL);
    *in_file = space;
    if (*in_memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0)
        return status_ok();
    status s = h5_fail(set, name, "select rows of");
    if (*in_memory >= 0) H5Sclose(*in_memory);
    H5Sclose(space);
    return s;
}

status h5_part_create(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, h5_about about)
{
    hsize_t extent[H5_MAX_RANK];
    if (rank < 1 || rank > H5_MAX_RANK)
        return status_fail(STATUS_DATA, "data set %s: rank %d is not between 1 and %d", name, rank, H5_MAX_RANK);
    for (int d = 0; d < rank; d++) extent[d] = dims[d];
    hid_t space = H5Screate_simple(rank, extent, NULL), create = h5_kept_list(H5P_DATASET_CREATE), set = -1;
    if (space >= 0 && create >= 0)
        set = H5Dcreate2(parent, name, type == H5_I8 ? H5T_STD_I8LE : H5T_STD_U8LE, space, H5P_DEFAULT, create,
                         H5P_DEFAULT);
    status s = set >= 0 ? status_ok() : h5_fail(parent, name, "create data set");
    const h5_text_attribute texts[] = {{"unit", about.unit}, {"description", about.description}};
    if (!failed(s)) s = h5_add_texts(set, texts, sizeof texts / sizeof *texts);
    if (set >= 0) H5Dclose(set);
    if (space >= 0) H5Sclose(space);
    return s;
}

static status transfer(h5_id parent, const char *name, h5_type type, size_t first, size_t rows, const void *from,
                       void *to)
{
    if (to != NULL) TRY(h5_guard_there(parent, name, "data set"));
    hid_t in_file = -1, in_memory = -1, set = H5Dopen2(parent, name, H5P_DEFAULT);
    if (set < 0) return h5_fail(parent, name, "open data set");
    h5_extent extent;
    status s = to != NULL ? h5_guard_set(&extent, set, name) : status_ok();
    if (failed(s)) {
        H5Dclose(set);
        return s;
    }
    s = select_rows(&in_file, &in_memory, set, name, first, rows);
    if (!failed(s)) {
        herr_t done = to != NULL ? H5Dread(set, part_type(type), in_memory, in_file, H5P_DEFAULT, to)
                                 : H5Dwrite(set, part_type(type), in_memory, in_file, H5P_DEFAULT, from);
        if (done < 0) s = h5_fail(parent, name, to != NULL ? "read data set" : "write data set");
        H5Sclose(in_memory);
        H5Sclose(in_file);
    }
    H5Dclose(set);
    return s;
}

status h5_part_write(h5_id parent, const char *name, h5_type type, size_t first, size_t rows, const void *data)
{
    TRY(transfer(parent, name, type, first, rows, data, NULL));
    return h5_check(parent);
}

status h5_part_read(h5_id parent, const char *name, h5_type type, size_t first, size_t rows, void *out)
{
    return transfer(parent, name, type, first, rows, NULL, out);
}
