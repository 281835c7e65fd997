/* Data sets: numbers of the six types and lists of strings. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5.h"
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

static hid_t data_creation_list(int rank, const size_t *dims, size_t element, bool compress)
{
    hid_t list = h5_creation_list(H5P_DATASET_CREATE);
    if (list < 0) return -1;
    size_t bytes = element;
    for (int d = 0; d < rank; d++) bytes *= dims[d];
    bool good = true;
    if (compress && bytes > CONTIGUOUS_BYTES) {
        hsize_t chunk[H5_MAX_RANK];
        choose_chunk(chunk, rank, dims, element);
        good = H5Pset_chunk(list, rank, chunk) >= 0 && H5Pset_shuffle(list) >= 0 && H5Pset_deflate(list, 1) >= 0 &&
               H5Pset_fletcher32(list) >= 0;
    }
    if (good) return list;
    H5Pclose(list);
    return -1;
}

static status write_about(hid_t set, h5_about about)
{
    TRY(h5_add_text(set, "unit", about.unit));
    return h5_add_text(set, "description", about.description);
}

/* How elements look in the file and in memory, and whether large data sets are compressed. */
typedef struct {
    hid_t stored, given;
    size_t element; /* bytes */
    bool compress;
} layout;

static status write_any(h5_id parent, const char *name, layout as, int rank, const size_t *dims, const void *data,
                        h5_about about)
{
    if (rank < 0 || rank > H5_MAX_RANK)
        return status_fail(STATUS_DATA, "data set %s: rank %d is not between 0 and %d", name, rank, H5_MAX_RANK);
    if (about.unit == NULL || about.unit[0] == 0 || about.description == NULL || about.description[0] == 0)
        return status_fail(STATUS_DATA, "data set %s has no unit or no description", name);
    hsize_t extent[H5_MAX_RANK] = {0};
    size_t count = 1;
    for (int d = 0; d < rank; d++) {
        extent[d] = dims[d];
        count *= dims[d];
    }
    status result = status_ok();
    hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent, NULL);
    hid_t create = data_creation_list(rank, dims, as.element, as.compress);
    hid_t set =
        space >= 0 && create >= 0 ? H5Dcreate2(parent, name, as.stored, space, H5P_DEFAULT, create, H5P_DEFAULT) : -1;
    if (set < 0 || (count > 0 && H5Dwrite(set, as.given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        result = h5_fail(parent, name, "write data set");
    if (!failed(result)) result = write_about(set, about);
    if (set >= 0 && H5Dclose(set) < 0 && !failed(result)) result = h5_fail(parent, name, "write data set");
    if (create >= 0) H5Pclose(create);
    if (space >= 0) H5Sclose(space);
    return result;
}

status h5_write(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                h5_about about)
{
    layout as = {file_type(type), memory_type(type), h5_type_size(type), true};
    return write_any(parent, name, as, rank, dims, data, about);
}

status h5_write_plain(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims, const void *data,
                      h5_about about)
{
    layout as = {file_type(type), memory_type(type), h5_type_size(type), false};
    return write_any(parent, name, as, rank, dims, data, about);
}

h5_id h5_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return -1;
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0) return type;
    H5Tclose(type);
    return -1;
}

status h5_write_strings(h5_id parent, const char *name, size_t count, const char *const *strings, h5_about about)
{
    hid_t type = h5_text_type();
    if (type < 0) return h5_fail(parent, name, "make the text type of");
    status result = write_any(parent, name, (layout){type, type, sizeof(hvl_t), false}, 1, &count, strings, about);
    H5Tclose(type);
    return result;
}

static status open_set(hid_t *out, h5_id parent, const char *name)
{
    if (!h5_exists(parent, name)) {
        char file[200] = "?";
        if (H5Fget_name(parent, file, sizeof file) < 0) file[0] = '?';
        return status_fail(STATUS_DATA, "%s has no data set '%s'", file, name);
    }
    *out = H5Dopen2(parent, name, H5P_DEFAULT);
    return *out >= 0 ? status_ok() : h5_fail(parent, name, "open data set");
}

/* The shape of a data set, as a rank (-1 on failure) and dims[rank]. */
static int shape_of(hid_t set, hsize_t dims[H5_MAX_RANK])
{
    hid_t space = H5Dget_space(set);
    if (space < 0) return -1;
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank > H5_MAX_RANK || (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0)) rank = -1;
    H5Sclose(space);
    return rank;
}

status h5_rank(int *rank, h5_id parent, const char *name)
{
    hid_t set = -1;
    TRY(open_set(&set, parent, name));
    hsize_t extent[H5_MAX_RANK] = {0};
    int found = shape_of(set, extent);
    H5Dclose(set);
    if (found < 0) return status_fail(STATUS_DATA, "data set '%s' has more than %d dimensions", name, H5_MAX_RANK);
    *rank = found;
    return status_ok();
}

status h5_dims(h5_id parent, const char *name, int rank, size_t *dims)
{
    hid_t set = -1;
    TRY(open_set(&set, parent, name));
    hsize_t extent[H5_MAX_RANK] = {0};
    int found = shape_of(set, extent);
    H5Dclose(set);
    if (found != rank)
        return status_fail(STATUS_DATA, "data set '%s' has %d dimensions where %d are expected", name, found, rank);
    for (int d = 0; d < rank; d++) dims[d] = (size_t)extent[d];
    return status_ok();
}

/* Opens the data set and checks that it holds exactly `count` elements. */
static status open_counted(hid_t *out, h5_id parent, const char *name, size_t count)
{
    hid_t set = -1;
    TRY(open_set(&set, parent, name));
    hsize_t extent[H5_MAX_RANK] = {0};
    int rank = shape_of(set, extent);
    size_t found = rank < 0 ? 0 : 1;
    for (int d = 0; d < rank; d++) found *= (size_t)extent[d];
    if (rank < 0 || found != count) {
        H5Dclose(set);
        return status_fail(STATUS_DATA, "data set '%s' holds %zu values where %zu are expected", name, found, count);
    }
    *out = set;
    return status_ok();
}

status h5_read(h5_id parent, const char *name, h5_type type, size_t count, void *out)
{
    hid_t set = -1;
    TRY(open_counted(&set, parent, name, count));
    status result = status_ok();
    if (count > 0 && H5Dread(set, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        result = h5_fail(parent, name, "read data set");
    H5Dclose(set);
    return result;
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

status h5_read_strings(char ***out, size_t *count, h5_id parent, const char *name)
{
    size_t n = 0;
    TRY(h5_dims(parent, name, 1, &n));
    hid_t set = -1;
    TRY(open_counted(&set, parent, name, n));
    if (h5_has_fixed_strings(set)) {
        status fixed = h5_read_fixed_strings(out, n, set, name);
        H5Dclose(set);
        *count = n;
        return fixed;
    }
    status result = status_ok();
    char **strings = calloc(n + 1, sizeof *strings), **packed = NULL;
    hid_t type = h5_text_type(), space = H5Dget_space(set);
    if (strings == NULL) {
        result = status_fail(STATUS_MEMORY, "no memory for the %zu strings of data set '%s'", n, name);
    } else if (type < 0 || space < 0 || (n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, strings) < 0)) {
        result = h5_fail(parent, name, "read strings of");
    } else {
        packed = pack_strings(strings, n);
        if (packed == NULL) result = status_fail(STATUS_MEMORY, "no memory for the strings of data set '%s'", name);
        if (n > 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
    }
    free(strings);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Dclose(set);
    if (!failed(result)) {
        *out = packed;
        *count = n;
    }
    return result;
}
