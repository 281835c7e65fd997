/* Data sets of one dimension in pieces: numbers and texts. Texts of ours are of fixed length: they need no heap, can be
 * compressed and checksummed, and every reader of HDF5 knows them. A list without any other character is called ASCII:
 * HDF5 does not convert between character sets, and Octave asks for ASCII. */
#include "core/io/h5_column.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5_internal.h"

/* Longer texts are written with variable length: all would take the room of the longest. */
enum { FIXED_BYTES = 4096, PIECE_BYTES = 1 << 18 };

static bool is_ascii(const char *text)
{
    while ((unsigned char)*text - 1u < 0x7f) text++;
    return *text == '\0';
}

void h5_text_shape_add(h5_text_shape *shape, const char *text)
{
    const size_t length = strlen(text);
    if (length > shape->longest) shape->longest = length;
    shape->other = shape->other || !is_ascii(text);
}

static status begin(h5_column *out, h5_layout as, h5_column column)
{
    *out = column;
    return h5_create_set(&out->set, out->parent, out->name, as, 1, &out->count, out->about);
}

status h5_column_begin(h5_column *out, h5_id parent, const char *name, h5_type type, size_t count, h5_about about)
{
    h5_column column = {.parent = parent,
                        .type = -1,
                        .number = type,
                        .element = h5_type_size(type),
                        .count = count,
                        .name = name,
                        .about = about};
    return begin(out, h5_number_layout(type, true), column);
}

status h5_column_begin_texts(h5_column *out, h5_id parent, const char *name, size_t count, h5_text_shape shape,
                             h5_about about)
{
    const size_t room = shape.longest + 1; /* a zero behind the longest, too: not every reader knows padding */
    const bool fixed = room <= FIXED_BYTES;
    hid_t type = fixed ? h5_fixed_text_type(room) : h5_text_type();
    status result = status_ok();
    if (type < 0 || (!shape.other && H5Tset_cset(type, H5T_CSET_ASCII) < 0))
        result = h5_fail(parent, name, "make the text type of");
    h5_column column = {.parent = parent,
                        .type = type,
                        .element = fixed ? room : sizeof(char *),
                        .count = count,
                        .pointers = !fixed,
                        .name = name,
                        .about = about};
    if (!failed(result)) result = begin(out, (h5_layout){type, type, fixed ? room : sizeof(hvl_t), fixed}, column);
    if (failed(result) && type >= 0) H5Tclose(type);
    return result;
}

status h5_column_add(h5_column *c, size_t values, const void *from)
{
    if (values > c->count - c->at)
        return status_fail(STATUS_DATA, "data set %s of %zu values is given more", c->name, c->count);
    if (values == 0) return status_ok();
    const hsize_t start = c->at, extent = values;
    const hid_t given = c->type >= 0 ? c->type : h5_number_layout(c->number, true).given;
    hid_t in_file = H5Dget_space(c->set), in_memory = H5Screate_simple(1, &extent, NULL);
    status result = status_ok();
    if (in_file < 0 || in_memory < 0 || H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &start, NULL, &extent, NULL) < 0 ||
        H5Dwrite(c->set, given, in_memory, in_file, H5P_DEFAULT, from) < 0)
        result = h5_fail(c->set, c->name, "write data set");
    if (in_memory >= 0) H5Sclose(in_memory);
    if (in_file >= 0) H5Sclose(in_file);
    c->at += values;
    return result;
}

status h5_column_add_texts(h5_column *c, size_t values, const char *const *texts)
{
    if (c->pointers) return h5_column_add(c, values, texts);
    const size_t fit = PIECE_BYTES / c->element, piece = values < fit ? values : fit;
    char *block = malloc(piece * c->element + 1);
    if (block == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu strings of '%s'", piece, c->name);
    status result = status_ok();
    for (size_t i = 0; i < values && !failed(result);) {
        const size_t now = values - i < piece ? values - i : piece;
        memset(block, 0, now * c->element);
        for (size_t k = 0; k < now; k++) memcpy(block + k * c->element, texts[i + k], strlen(texts[i + k]));
        result = h5_column_add(c, now, block);
        i += now;
    }
    free(block);
    return result;
}

status h5_column_end(h5_column *c, status before)
{
    if (!failed(before) && c->at != c->count)
        before = status_fail(STATUS_DATA, "data set %s has %zu values instead of %zu", c->name, c->at, c->count);
    const status result = h5_finish_set(c->set, c->parent, c->name, c->about, c->dimensions, before);
    if (c->type >= 0) H5Tclose(c->type);
    return result;
}
