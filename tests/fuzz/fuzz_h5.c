#include "tests/fuzz/fuzz_h5.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

enum { MOST_EDITS = 8, MOST_RANK = 4, MOST_BYTES = 1 << 16 };

static herr_t note_object(hid_t file, const char *name, const H5O_info_t *info, void *ctx)
{
    (void)file, (void)info;
    fuzz_h5 *out = ctx;
    if (out->count < FUZZ_H5_OBJECTS && strlen(name) < FUZZ_H5_NAME) strcpy(out->names[out->count++], name);
    return 0;
}

/* The file in memory, for changes; negative when HDF5 does not take it. */
static hid_t open_image(const fuzz_h5 *base)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    H5Pset_file_image(access, base->image, base->size);
    hid_t file = H5Fopen("image", H5F_ACC_RDWR, access);
    H5Pclose(access);
    return file;
}

void fuzz_h5_take(fuzz_h5 *out, const char *path)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fuzz_must(file_read_bytes((char **)&out->image, &out->size, path));
    hid_t file = open_image(out);
    if (file < 0 || H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note_object, out, H5O_INFO_BASIC) < 0) abort();
    H5Fclose(file);
}

/* A type of an element, to be closed. */
static hid_t draw_type(fuzz_input *in)
{
    hid_t type;
    switch (fuzz_byte(in) % 16) {
    case 0:
        return H5Tcopy(H5T_STD_I64LE);
    case 1:
        return H5Tcopy(H5T_STD_I32BE);
    case 2:
        return H5Tcopy(H5T_STD_U64LE);
    case 3:
        return H5Tcopy(H5T_STD_U8LE);
    case 4:
        return H5Tcopy(H5T_STD_I8LE);
    case 5:
        return H5Tcopy(H5T_IEEE_F32LE);
    case 6:
        return H5Tcopy(H5T_IEEE_F64BE);
    case 7:
    case 8:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, 1 + (size_t)fuzz_byte(in));
        H5Tset_strpad(type, fuzz_byte(in) % 2 == 0 ? H5T_STR_NULLPAD : H5T_STR_SPACEPAD);
        return type;
    case 9:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        return type;
    case 10:
        type = H5Tcreate(H5T_COMPOUND, 8);
        H5Tinsert(type, "r", 0, H5T_STD_I32LE);
        return type;
    case 11:
        return H5Tarray_create2(H5T_STD_I32LE, 1, (const hsize_t[]){3});
    case 12:
        return H5Tcreate(H5T_OPAQUE, 1 + (size_t)fuzz_byte(in));
    case 13:
        return H5Tvlen_create(H5T_STD_U8LE);
    case 14:
        type = H5Tcreate(H5T_ENUM, 1 + (size_t)fuzz_byte(in) % 8);
        return type;
    default:
        return H5Tcopy(H5T_IEEE_F64LE);
    }
}

/* `count` elements of the type, in memory as in the file; freed by the caller. NULL: too many. */
static void *draw_values(char **text, hid_t type, size_t count, fuzz_input *in)
{
    size_t bytes = H5Tget_size(type);
    *text = NULL;
    if (H5Tget_class(type) == H5T_VLEN || bytes == 0 || count == 0 || count > MOST_BYTES / bytes) return NULL;
    char *values = calloc(count, bytes);
    if (values == NULL) abort();
    if (H5Tis_variable_str(type) > 0) {
        *text = fuzz_text(in);
        for (size_t i = 0; i < count; i++) ((char **)values)[i] = *text;
    } else if (H5Tget_class(type) == H5T_INTEGER && bytes == 8) {
        for (size_t i = 0; i < count && in->left > 0; i++) ((int64_t *)values)[i] = fuzz_number(in);
    } else if (H5Tget_class(type) == H5T_FLOAT && fuzz_byte(in) % 4 == 0) {
        static const double odd[] = {INFINITY, NAN, 1e308, -1e308, 0.0, -1.0, 1e19, 5e-324};
        double value = odd[fuzz_byte(in) % 8];
        for (size_t i = 0; i < count; i++)
            if (bytes == 8) ((double *)values)[i] = value;
    } else {
        fuzz_bytes(values, count * bytes, in);
    }
    return values;
}

static hid_t draw_space(size_t *count, fuzz_input *in)
{
    hsize_t dims[MOST_RANK];
    int rank = fuzz_byte(in) % (MOST_RANK + 1);
    *count = 1;
    if (rank == 0) return H5Screate(fuzz_byte(in) % 8 == 7 ? H5S_NULL : H5S_SCALAR);
    for (int d = 0; d < rank; d++) {
        int64_t size = fuzz_number(in);
        dims[d] = (hsize_t)(size < 0 ? -(size + 1) : size);
        *count = dims[d] > 0 && *count > MOST_BYTES / dims[d] ? MOST_BYTES + 1 : *count * (size_t)dims[d];
    }
    return H5Screate_simple(rank, dims, NULL);
}

/* Replaces an attribute by one of any type and shape, or removes it. */
static void edit_attribute(hid_t file, const char *object, fuzz_input *in)
{
    hid_t target = H5Oopen(file, object, H5P_DEFAULT);
    H5O_info_t info;
    char name[128] = "", *text = NULL;
    if (target < 0) return;
    if (H5Oget_info2(target, &info, H5O_INFO_NUM_ATTRS) >= 0 && info.num_attrs > 0)
        H5Aget_name_by_idx(target, ".", H5_INDEX_NAME, H5_ITER_INC, fuzz_byte(in) % info.num_attrs, name, sizeof name,
                           H5P_DEFAULT);
    int how = fuzz_byte(in) % 8;
    hid_t type, space;
    if (name[0] != '\0' && how < 3) { /* another value of the same kind */
        hid_t old = H5Aopen(target, name, H5P_DEFAULT);
        type = H5Aget_type(old);
        if (H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0)
            H5Tset_size(type, 1 + (size_t)fuzz_byte(in) % 64);
        H5Aclose(old);
        space = H5Screate(H5S_SCALAR);
    } else {
        type = draw_type(in);
        space = how == 3 ? H5Screate(H5S_SCALAR) : -1;
    }
    size_t count = 1;
    if (space < 0) space = draw_space(&count, in);
    if (name[0] != '\0') H5Adelete(target, name);
    void *values = how == 7 ? NULL : draw_values(&text, type, count, in);
    hid_t made =
        values != NULL && name[0] != '\0' ? H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    if (made >= 0) {
        H5Awrite(made, type, values);
        H5Aclose(made);
    }
    free(values);
    free(text);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Oclose(target);
}

/* Overwrites some elements of a data set. */
static void edit_values(hid_t file, const char *object, fuzz_input *in)
{
    hid_t set = H5Dopen2(file, object, H5P_DEFAULT);
    if (set < 0) return;
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    size_t element = H5Tget_size(type), count = (size_t)H5Sget_simple_extent_npoints(space);
    if (count > 0 && element > 0 && count <= MOST_BYTES / element && H5Tis_variable_str(type) == 0 &&
        H5Tdetect_class(type, H5T_VLEN) == 0) { /* which hold pointers */
        char *values = calloc(count, element);
        if (values != NULL && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) {
            uint16_t place;
            fuzz_bytes(&place, sizeof place, in);
            size_t from = place % (count * element), most = count * element - from, some = fuzz_byte(in);
            fuzz_bytes(values + from, some < most ? some : most, in);
            H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        }
        free(values);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(set);
}

/* How the values of a new data set are stored. */
static hid_t draw_storage(hid_t space, fuzz_input *in)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk[MOST_RANK];
    int rank = H5Sget_simple_extent_ndims(space), how = fuzz_byte(in) % 8;
    if (how == 0) H5Pset_layout(create, H5D_COMPACT);
    if (how == 1) H5Pset_external(create, "/etc/hostname", 0, 1 << 10);
    if (how < 2 || how > 4 || rank < 1) return create;
    for (int d = 0; d < rank; d++) chunk[d] = 1 + fuzz_byte(in);
    H5Pset_chunk(create, rank, chunk);
    int filters = fuzz_byte(in);
    if (filters & 1) H5Pset_shuffle(create);
    if (filters & 2) H5Pset_deflate(create, 1);
    if (filters & 4) H5Pset_fletcher32(create);
    if (filters & 8) H5Pset_scaleoffset(create, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
    /* HDF5 1.10 itself writes beyond its memory with a number of bits that is too small here, and with nbit. */
    return create;
}

/* Puts another data set in the place of an object; its attributes are kept. */
static void edit_set(hid_t file, const char *object, fuzz_input *in)
{
    char *text = NULL;
    size_t count;
    hid_t type = draw_type(in), space = draw_space(&count, in), create = draw_storage(space, in);
    hid_t made = H5Dcreate2(file, "made", type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    void *values = draw_values(&text, type, count, in);
    if (made >= 0) {
        if (values != NULL) H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        for (int i = 0; i < 2; i++) {
            static const char *const names[] = {"unit", "description"};
            hid_t one = H5Screate(H5S_SCALAR), words = H5Tcopy(H5T_C_S1);
            char said[32] = "";
            fuzz_bytes(said, fuzz_byte(in) % sizeof said, in);
            H5Tset_size(words, sizeof said);
            hid_t attribute = H5Acreate2(made, names[i], words, one, H5P_DEFAULT, H5P_DEFAULT);
            H5Awrite(attribute, words, said);
            H5Aclose(attribute);
            H5Tclose(words);
            H5Sclose(one);
        }
        H5Dclose(made);
        H5Ldelete(file, object, H5P_DEFAULT);
        H5Lmove(file, "made", file, object, H5P_DEFAULT, H5P_DEFAULT);
    }
    free(values);
    free(text);
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
}

/* The object becomes a link, a group, a copy or a virtual set of another one, or gets a name from the input. */
static void edit_link(hid_t file, const char *object, const char *other, fuzz_input *in)
{
    int how = fuzz_byte(in) % 8;
    hid_t group;
    char *name;
    switch (how) {
    case 0:
        H5Ldelete(file, object, H5P_DEFAULT);
        H5Lcreate_soft(other, file, object, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 1:
        H5Ldelete(file, object, H5P_DEFAULT);
        H5Lcreate_external("other.h5", "/", file, object, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 2:
        H5Ldelete(file, object, H5P_DEFAULT);
        H5Lcreate_hard(file, other, file, object, H5P_DEFAULT, H5P_DEFAULT); /* perhaps a circle */
        return;
    case 3:
        H5Ldelete(file, object, H5P_DEFAULT);
        H5Ocopy(file, other, file, object, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 4:
        H5Ldelete(file, object, H5P_DEFAULT);
        group = H5Gcreate2(file, object, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (group >= 0) H5Gclose(group);
        return;
    case 5:
        H5Ldelete(file, object, H5P_DEFAULT);
        return;
    default:
        name = fuzz_text(in);
        if (how == 6)
            H5Lmove(file, object, file, name, H5P_DEFAULT, H5P_DEFAULT);
        else
            H5Ocopy(file, object, file, name, H5P_DEFAULT, H5P_DEFAULT);
        free(name);
    }
}

void fuzz_h5_write(const char *path, const fuzz_h5 *base, fuzz_input *in)
{
    hid_t file = open_image(base);
    if (file < 0) abort();
    for (int edits = 0; edits < MOST_EDITS && in->left > 0; edits++) {
        int how = fuzz_byte(in) % 8;
        const char *object = base->names[fuzz_byte(in) % base->count];
        if (how < 3)
            edit_attribute(file, object, in);
        else if (how < 5)
            edit_values(file, object, in);
        else if (object == base->names[0])
            continue; /* the root stays */
        else if (how < 7)
            edit_set(file, object, in);
        else
            edit_link(file, object, base->names[fuzz_byte(in) % base->count], in);
    }
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    ssize_t size = H5Fget_file_image(file, NULL, 0);
    uint8_t *image = size > 0 ? malloc((size_t)size) : NULL;
    if (image == NULL || H5Fget_file_image(file, image, (size_t)size) != size) abort();
    H5Fclose(file);
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(image, 1, (size_t)size, out) != (size_t)size || fclose(out) != 0) abort();
    free(image);
}
