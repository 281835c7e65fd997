/* Data sets: numbers of the six types. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/io/h5.h"
#include "core/io/h5_scale.h"
#include "core/io/h5_internal.h"

/* Larger data sets are compressed in chunks of at most CHUNK_BYTES: HDF5's chunk cache holds 1 MiB. */
enum { CONTIGUOUS_BYTES = 64 * 1024, CHUNK_BYTES = 1024 * 1024 };

size_t h5_type_size(h5_type type)
{
    static const size_t sizes[] = {[H5_F32] = 4, [H5_F64] = 8, [H5_U8] = 1, [H5_I8] = 1, [H5_I32] = 4, [H5_I64] = 8};
    return sizes[type];
}

static hid_t memory_type(h5_type type)
{
    switch (type) {
    case H5_F32:
        return H5T_NATIVE_FLOAT;
    case H5_F64:
        return H5T_NATIVE_DOUBLE;
    case H5_U8:
        return H5T_NATIVE_UINT8;
    case H5_I8:
        return H5T_NATIVE_INT8;
    case H5_I32:
        return H5T_NATIVE_INT32;
    case H5_I64:
        return H5T_NATIVE_INT64;
    }
    return -1;
}

/* The same bytes in the file on every machine. */
static hid_t file_type(h5_type type)
{
    switch (type) {
    case H5_F32:
        return H5T_IEEE_F32LE;
    case H5_F64:
        return H5T_IEEE_F64LE;
    case H5_U8:
        return H5T_STD_U8LE;
    case H5_I8:
        return H5T_STD_I8LE;
    case H5_I32:
        return H5T_STD_I32LE;
    case H5_I64:
        return H5T_STD_I64LE;
    }
    return -1;
}

/* Whole rows of the leading dimensions, as many as fit. */
static void choose_chunk(hsize_t *chunk, int rank, const size_t *dims, size_t element)
{
    size_t row = element;
    for (int d = rank - 1; d >= 0; d--) {
        size_t fit = CHUNK_BYTES / row > 0 ? CHUNK_BYTES / row : 1;
        chunk[d] = dims[d] < fit ? dims[d] : fit;
        row *= chunk[d];
    }
}

static bool is_compressed(int rank, const size_t *dims, h5_layout as)
{
    size_t bytes = as.element;
    for (int d = 0; d < rank; d++) bytes *= dims[d];
    return as.compress && bytes > CONTIGUOUS_BYTES;
}

static hid_t compressed_list(int rank, const size_t *dims, size_t element)
{
    hsize_t chunk[H5_MAX_RANK];
    hid_t list = h5_creation_list(H5P_DATASET_CREATE);
    if (list < 0) return -1;
    choose_chunk(chunk, rank, dims, element);
    if (H5Pset_chunk(list, rank, chunk) >= 0 && H5Pset_shuffle(list) >= 0 && H5Pset_deflate(list, 1) >= 0 &&
        H5Pset_fletcher32(list) >= 0)
        return list;
    H5Pclose(list);
    return -1;
}

/* The first clause of a description, which labels an axis. */
static void find_long_name(char *name, size_t room, const char *description)
{
    size_t end = strcspn(description, ";:");
    const char *comma = strstr(description, ", ");
    if (comma != NULL && (size_t)(comma - description) < end) end = (size_t)(comma - description);
    snprintf(name, room, "%.*s", (int)(end < room ? end : room - 1), description);
}

/* By our names, and by those of the CF conventions, which plotting programs look for. */
static status write_about(hid_t set, h5_about about, const char *dimensions)
{
    char long_name[160];
    const h5_text_attribute texts[] = {{"unit", about.unit},
                                       {"units", about.unit},
                                       {"long_name", long_name},
                                       {"description", about.description},
                                       {H5_DIMENSIONS, dimensions}};
    find_long_name(long_name, sizeof long_name, about.description);
    return h5_add_texts(set, texts, sizeof texts / sizeof *texts - (dimensions == NULL));
}

h5_layout h5_number_layout(h5_type type, bool compress)
{
    return (h5_layout){file_type(type), memory_type(type), h5_type_size(type), compress};
}

status h5_create_set(h5_id *out, h5_id parent, const char *name, h5_layout as, int rank, const size_t *dims,
                     h5_about about)
{
    if (rank < 0 || rank > H5_MAX_RANK)
        return status_fail(STATUS_DATA, "data set %s: rank %d is not between 0 and %d", name, rank, H5_MAX_RANK);
    if (about.unit == NULL || about.unit[0] == 0 || about.description == NULL || about.description[0] == 0)
        return status_fail(STATUS_DATA, "data set %s has no unit or no description", name);
    hsize_t extent[H5_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++) extent[d] = dims[d];
    const bool compressed = is_compressed(rank, dims, as);
    hid_t space = rank == 0 ? h5_scalar() : H5Screate_simple(rank, extent, NULL);
    hid_t create = compressed ? compressed_list(rank, dims, as.element) : h5_kept_list(H5P_DATASET_CREATE);
    hid_t set =
        space >= 0 && create >= 0 ? H5Dcreate2(parent, name, as.stored, space, H5P_DEFAULT, create, H5P_DEFAULT) : -1;
    status result = set >= 0 ? status_ok() : h5_fail(parent, name, "write data set");
    if (compressed && create >= 0) H5Pclose(create);
    if (rank > 0 && space >= 0) H5Sclose(space);
    *out = set;
    return result;
}

status h5_finish_set(h5_id set, h5_id parent, const char *name, h5_about about, const char *dimensions, status before)
{
    status result = failed(before) ? before : write_about(set, about, dimensions);
    if (H5Dclose(set) < 0 && !failed(result)) result = h5_fail(parent, name, "write data set");
    return result;
}

static status write_whole(h5_id parent, const char *name, h5_layout as, int rank, const size_t *dims, const void *data,
                          h5_about about, const char *dimensions)
{
    h5_id set = -1;
    TRY(h5_create_set(&set, parent, name, as, rank, dims, about));
    size_t count = 1;
    for (int d = 0; d < rank; d++) count *= dims[d];
    status result = status_ok();
    if (count > 0 && H5Dwrite(set, as.given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        result = h5_fail(parent, name, "write data set");
    return h5_finish_set(set, parent, name, about, dimensions, result);
}

status h5_write(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                h5_about about)
{
    return write_whole(parent, name, h5_number_layout(type, true), rank, dims, data, about, NULL);
}

status h5_write_axes(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                     h5_about about, const char *dimensions)
{
    return write_whole(parent, name, h5_number_layout(type, true), rank, dims, data, about, dimensions);
}

status h5_write_plain(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                      h5_about about)
{
    return write_whole(parent, name, h5_number_layout(type, false), rank, dims, data, about, NULL);
}

size_t h5_extent_count(const h5_extent *extent)
{
    size_t count = 1;
    for (int d = 0; d < extent->rank; d++) count = size_product(count, extent->dims[d]);
    return count;
}

status h5_open_set(h5_id *out, h5_extent *extent, h5_id parent, const char *name)
{
    TRY(h5_guard_there(parent, name, "data set"));
    hid_t set = H5Dopen2(parent, name, H5P_DEFAULT);
    if (set < 0) return h5_fail(parent, h5_called(parent, name), "open data set");
    status sound = h5_guard_set(extent, set, h5_called(parent, name));
    if (failed(sound))
        H5Dclose(set);
    else
        *out = set;
    return sound;
}

status h5_dims(h5_id parent, const char *name, int rank, size_t *dims)
{
    h5_id set = -1;
    h5_extent extent;
    TRY(h5_open_set(&set, &extent, parent, name));
    H5Dclose(set);
    if (extent.rank != rank)
        return status_fail(STATUS_DATA, "data set '%s' has %d dimensions where %d are expected",
                           h5_called(parent, name), extent.rank, rank);
    memcpy(dims, extent.dims, (size_t)rank * sizeof *dims);
    return status_ok();
}

/* HDF5 clears its buffer for values that change their type, of 1 MB, before every data set. */
static hid_t transfer_list(void)
{
    enum { BUFFER_BYTES = 1 << 14 };
    static hid_t list = -1;
    if (list >= 0) return list;
    list = H5Pcreate(H5P_DATASET_XFER);
    if (list >= 0 && H5Pset_buffer(list, BUFFER_BYTES, NULL, NULL) >= 0) return list;
    if (list >= 0) H5Pclose(list);
    list = -1;
    return H5P_DEFAULT;
}

/* All values of an open set; `out` has room for them. HDF5 does not read numbers out of texts. */
static status read_numbers(hid_t set, const h5_extent *extent, h5_id parent, const char *name, h5_type type, void *out)
{
    if (extent->texts) return status_fail(STATUS_DATA, "data set '%.200s' holds texts where numbers are wanted", name);
    if (h5_extent_count(extent) == 0 || H5Dread(set, memory_type(type), H5S_ALL, H5S_ALL, transfer_list(), out) >= 0)
        return status_ok();
    return h5_fail(parent, name, "read data set");
}

status h5_read(h5_id parent, const char *name, h5_type type, size_t count, void *out)
{
    h5_id set = -1;
    h5_extent extent;
    TRY(h5_open_set(&set, &extent, parent, name));
    name = h5_called(parent, name);
    const size_t found = h5_extent_count(&extent);
    status result = found == count ? read_numbers(set, &extent, parent, name, type, out)
                                   : status_fail(STATUS_DATA, "data set '%s' holds %zu values where %zu are expected",
                                                 name, found, count);
    H5Dclose(set);
    return result;
}

static status read_shaped(void **out, hid_t set, const h5_extent *extent, int most_rank, h5_id parent, const char *name,
                          h5_type type)
{
    if (extent->rank > most_rank)
        return status_fail(STATUS_DATA, "data set '%s' has more than %d dimensions", name, most_rank);
    const size_t count = h5_extent_count(extent);
    void *values = size_allocate(size_product(size_sum(count, 1), h5_type_size(type)));
    if (values == NULL) return status_fail(STATUS_MEMORY, "no memory for the %zu values of '%s'", count, name);
    status result = read_numbers(set, extent, parent, name, type, values);
    if (failed(result))
        free(values);
    else
        *out = values;
    return result;
}

status h5_read_new(void **out, int *rank, size_t *dims, int most_rank, h5_id parent, const char *name, h5_type type)
{
    h5_id set = -1;
    h5_extent extent;
    *out = NULL;
    TRY(h5_open_set(&set, &extent, parent, name));
    status result = read_shaped(out, set, &extent, most_rank, parent, h5_called(parent, name), type);
    H5Dclose(set);
    if (failed(result)) return result;
    *rank = extent.rank;
    memcpy(dims, extent.dims, (size_t)extent.rank * sizeof *dims);
    return result;
}
