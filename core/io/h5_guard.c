/* What is refused of a file, see h5_internal.h. */
#include <hdf5.h>
#include <stdint.h>
#include <string.h>

#include "core/base/size.h"
#include "core/io/h5_internal.h"

enum { PATH_BYTES = 1024, NUMBER_BYTES = 8, TEXT_BYTES = 1 << 20, FILTERS = 8 };
/* Messages of an object's header (HDF5 File Format Specification 3.0, IV.A.2.h and IV.A.2.l). */
enum { MESSAGE_EXTERNAL = 0x7, MESSAGE_FILTERS = 0xb };

/* A chunk is one allocation of HDF5, whatever little of the file it takes. Ours have 1 MiB. */
static const hsize_t CHUNK_BYTES = (hsize_t)1 << 28;
/* The best that deflate can do: 258 bytes in two bits. Other filters of ours do not shrink. */
static const hsize_t BEST_DEFLATE = 1032;

h5_path h5_guard_path(h5_id parent, const char *name)
{
    char path[PATH_BYTES];
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof path) return H5_PATH_MISSING;
    memcpy(path, name, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (name[i] != '/' && name[i] != 0) continue;
        path[i] = 0;
        H5L_info_t link;
        if (H5Lget_info(parent, path, &link, H5P_DEFAULT) < 0) {
            if (!h5_blames_file()) return H5_PATH_UNKNOWN; /* HDF5 finds nothing where a read failed */
            return H5Lexists(parent, path, H5P_DEFAULT) == 0 ? H5_PATH_MISSING : H5_PATH_UNKNOWN;
        }
        if (link.type != H5L_TYPE_HARD) return H5_PATH_LINK;
        path[i] = name[i];
    }
    return H5_PATH_PLAIN;
}

status h5_guard_there(h5_id parent, const char *name, const char *what)
{
    h5_path found = strcmp(name, ".") == 0 ? H5_PATH_PLAIN : h5_guard_path(parent, name);
    if (found == H5_PATH_PLAIN) return status_ok();
    if (found == H5_PATH_UNKNOWN) return h5_fail(parent, name, "find");
    TRY(h5_check(parent)); /* HDF5 finds nothing where a read failed */
    char file[200];
    h5_file_name(file, sizeof file, parent);
    if (found == H5_PATH_MISSING) return status_fail(STATUS_DATA, "%s has no %s '%.200s'", file, what, name);
    return status_fail(STATUS_DATA, "%s: the %s '%.200s' is a link; links are not followed: copy what they lead to",
                       file, what, name);
}

status h5_guard_type(h5_id type, const char *name)
{
    size_t size = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
        if (size >= 1 && size <= NUMBER_BYTES) return status_ok();
        return status_fail(STATUS_DATA, "'%.200s' holds numbers of %zu bytes; 1 to %d are possible", name, size,
                           NUMBER_BYTES);
    case H5T_ENUM: /* truth values, as h5py writes them */
        if (size >= 1 && size <= NUMBER_BYTES) return status_ok();
        break;
    case H5T_STRING:
        if (H5Tis_variable_str(type) > 0 || (size >= 1 && size <= TEXT_BYTES)) return status_ok();
        return status_fail(STATUS_DATA, "'%.200s' holds texts of %zu bytes; at most %d are possible", name, size,
                           TEXT_BYTES);
    default:
        break;
    }
    return status_fail(STATUS_DATA, "'%.200s' holds neither numbers nor texts", name);
}

static status check_filters(hid_t create, const char *name, bool *deflated)
{
    int count = H5Pget_nfilters(create);
    *deflated = false;
    if (count < 0 || count > FILTERS) return status_fail(STATUS_DATA, "'%.200s' has %d filters", name, count);
    for (int i = 0; i < count; i++) {
        unsigned flags, config;
        size_t values = 0;
        char called[64] = "";
        H5Z_filter_t filter =
            H5Pget_filter2(create, (unsigned)i, &flags, &values, NULL, sizeof called, called, &config);
        if (filter == H5Z_FILTER_DEFLATE) *deflated = true;
        if (filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32) continue;
        return status_fail(STATUS_DATA,
                           "'%.200s' is stored with the filter %.60s (%d); gzip, shuffle and fletcher32 are read: "
                           "store it with gzip or without compression",
                           name, called, (int)filter);
    }
    return status_ok();
}

/* How many bytes the chunks may unfold to. */
static status check_chunks(hid_t create, hid_t set, const char *name, size_t element, hsize_t *room)
{
    hsize_t chunk[H5_MAX_RANK];
    int rank = H5Pget_chunk(create, H5_MAX_RANK, chunk);
    size_t bytes = element;
    for (int d = 0; d < rank && d < H5_MAX_RANK; d++) bytes = size_product(bytes, (size_t)chunk[d]);
    if (rank < 1 || rank > H5_MAX_RANK || bytes > CHUNK_BYTES)
        return status_fail(STATUS_DATA, "'%.200s' is stored in chunks of %zu bytes; at most %llu are possible", name,
                           bytes, (unsigned long long)CHUNK_BYTES);
    bool deflated;
    TRY(check_filters(create, name, &deflated));
    *room = H5Dget_storage_size(set);
    if (deflated) *room = size_product((size_t)*room, BEST_DEFLATE);
    return status_ok();
}

/* Values that nobody has stored are a fill value: of 10 kB of file, gigabytes. */
static status check_room(hid_t set, hid_t create, const char *name, size_t element, const h5_extent *extent)
{
    const bool chunked = create != H5P_DEFAULT && H5Pget_layout(create) == H5D_CHUNKED;
    size_t claimed = element;
    for (int d = 0; d < extent->rank; d++) claimed = size_product(claimed, extent->dims[d]);
    hsize_t room = 0, bytes_there = 0;
    if (chunked)
        TRY(check_chunks(create, set, name, element, &room));
    else
        room = H5Dget_storage_size(set);
    hid_t file = H5Iget_file_id(set);
    if (file < 0 || H5Fget_filesize(file, &bytes_there) < 0) bytes_there = 0;
    if (file >= 0) H5Fclose(file);
    bool impossible = !chunked && room > bytes_there;
    if (claimed <= room && !impossible) return status_ok();
    return status_fail(STATUS_DATA, "'%.200s' claims %zu bytes of values where the file stores %llu", name, claimed,
                       (unsigned long long)(impossible ? bytes_there : room));
}

static status find_extent(h5_extent *out, hid_t set, const char *name)
{
    hsize_t dims[H5_MAX_RANK] = {0};
    hid_t space = H5Dget_space(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool scalar = rank == 0 && H5Sget_simple_extent_npoints(space) == 1;
    bool good = scalar || (rank > 0 && rank <= H5_MAX_RANK && H5Sget_simple_extent_dims(space, dims, NULL) == rank);
    if (space >= 0) H5Sclose(space);
    if (!good) return status_fail(STATUS_DATA, "'%.200s' has no values, or more than %d dimensions", name, H5_MAX_RANK);
    out->rank = rank;
    for (int d = 0; d < rank; d++) out->dims[d] = (size_t)dims[d];
    return status_ok();
}

static status check_values(h5_extent *out, hid_t set, hid_t create, const char *name)
{
    hid_t type = H5Dget_type(set);
    if (type < 0) return h5_fail(set, name, "find the type of");
    status result = h5_guard_type(type, name);
    size_t element = H5Tget_size(type);
    out->texts = H5Tget_class(type) == H5T_STRING;
    H5Tclose(type);
    TRY(result);
    TRY(find_extent(out, set, name));
    return check_room(set, create, name, element, out);
}

static status check_storage(h5_extent *out, hid_t set, hid_t create, const char *name)
{
    H5D_layout_t layout = H5Pget_layout(create);
    if (layout == H5D_VIRTUAL)
        return status_fail(STATUS_DATA, "'%.200s' is a virtual data set of other files: copy its values into one file",
                           name);
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
        return status_fail(STATUS_DATA, "'%.200s' is stored in a way that is not known", name);
    if (H5Pget_external_count(create) != 0)
        return status_fail(STATUS_DATA, "'%.200s' keeps its values in other files: copy them into one file", name);
    return check_values(out, set, create, name);
}

/* Values in one piece in this file, as nearly all are: seen without a property list, which was a sixth of the work of
 * checking a run. Only of contiguous storage does HDF5 tell an address. */
static bool is_plain(hid_t set)
{
    const uint64_t elsewhere = UINT64_C(1) << MESSAGE_EXTERNAL | UINT64_C(1) << MESSAGE_FILTERS;
    if (H5Dget_offset(set) == HADDR_UNDEF) return false;
#if H5_VERSION_GE(1, 12, 0)
    H5O_native_info_t info;
    const herr_t known = H5Oget_native_info(set, &info, H5O_NATIVE_INFO_HDR);
#else
    H5O_info_t info;
    const herr_t known = H5Oget_info2(set, &info, H5O_INFO_HDR);
#endif
    return known >= 0 && (info.hdr.mesg.present & elsewhere) == 0;
}

status h5_guard_set(h5_extent *out, h5_id set, const char *name)
{
    if (is_plain(set)) return check_values(out, set, H5P_DEFAULT, name);
    hid_t create = H5Dget_create_plist(set);
    if (create < 0) return h5_fail(set, name, "find the storage of");
    status result = check_storage(out, set, create, name);
    H5Pclose(create);
    return result;
}
