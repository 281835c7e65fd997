#include "core/deploy/export_npz.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "core/deploy/export_arrays.h"

/* A zip archive without compression, made in memory: for each member a header and its bytes, then the directory. Sizes
 * are below 4 GB (PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12 and 4.3.16). */
typedef struct {
    export_text body, directory;
    unsigned members;
} archive;

enum { LOCAL_HEADER = 0x04034b50, DIRECTORY_ENTRY = 0x02014b50, DIRECTORY_END = 0x06054b50, ZIP_VERSION = 20 };
enum { DATE_1980 = 1 << 5 | 1, NPY_ALIGNMENT = 64, NPY_PREFIX = 10, MEMBER_NAME = 128, NPY_HEADER = 256 };
static const size_t ZIP_MOST = 0x7fffffff;

static void put(FILE *out, unsigned long value, int bytes)
{
    for (int i = 0; i < bytes; i++) fputc((int)(value >> 8 * i & 0xff), out);
}

/* What local header and directory entry have in common. */
static void put_member(FILE *out, const char *name, unsigned long crc, size_t bytes)
{
    put(out, ZIP_VERSION, 2);
    put(out, 0, 4); /* no flags, stored */
    put(out, 0, 2);
    put(out, DATE_1980, 2);
    put(out, crc, 4);
    put(out, bytes, 4);
    put(out, bytes, 4);
    put(out, strlen(name), 2);
    put(out, 0, 2);
}

/* One member of two parts, head and data. */
static status add_member(archive *a, const char *name, const char *head, size_t head_bytes, const void *data,
                         size_t data_bytes)
{
    const long offset = ftell(a->body.out);
    if (offset < 0 || (size_t)offset + head_bytes + data_bytes > ZIP_MOST)
        return status_fail(STATUS_CONFIG, "an npz archive of more than 2 GB: ask for fewer test images");
    const uint32_t crc = libdeflate_crc32(libdeflate_crc32(0, head, head_bytes), data, data_bytes);
    put(a->body.out, LOCAL_HEADER, 4);
    put_member(a->body.out, name, crc, head_bytes + data_bytes);
    fputs(name, a->body.out);
    fwrite(head, 1, head_bytes, a->body.out);
    fwrite(data, 1, data_bytes, a->body.out);
    put(a->directory.out, DIRECTORY_ENTRY, 4);
    put(a->directory.out, ZIP_VERSION, 2);
    put_member(a->directory.out, name, crc, head_bytes + data_bytes);
    put(a->directory.out, 0, 6); /* no comment, first disk, no inner attributes */
    put(a->directory.out, 0, 4); /* outer attributes */
    put(a->directory.out, (unsigned long)offset, 4);
    fputs(name, a->directory.out);
    a->members++;
    return status_ok();
}

static const char *npy_type(h5_type type)
{
    switch (type) {
    case H5_U8:
        return "|u1";
    case H5_I8:
        return "|i1";
    case H5_I32:
        return "<i4";
    case H5_I64:
        return "<i8";
    case H5_F32:
        return "<f4";
    case H5_F64:
        break;
    }
    return "<f8";
}

/* Version 1.0 of numpy's format: magic, length of the header, the header as a dictionary of Python, filled up with
 * spaces to a multiple of 64 bytes. Numbers are little-endian, as on every machine that the program runs on. */
static status add_array(void *ctx, const export_array *array)
{
    char name[MEMBER_NAME], head[NPY_HEADER], shape[96] = "";
    size_t count = 1;
    for (int d = 0; d < array->rank; d++) {
        const size_t used = strlen(shape);
        snprintf(shape + used, sizeof shape - used, "%zu, ", array->dims[d]);
        count *= array->dims[d];
    }
    snprintf(name, sizeof name, "%s%s%s.npy", array->group, array->group[0] != '\0' ? "/" : "", array->name);
    int used = snprintf(head + NPY_PREFIX, sizeof head - NPY_PREFIX,
                        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", npy_type(array->type), shape);
    while ((NPY_PREFIX + used + 1) % NPY_ALIGNMENT != 0) head[NPY_PREFIX + used++] = ' ';
    head[NPY_PREFIX + used++] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (char)(used & 0xff);
    head[9] = (char)(used >> 8);
    return add_member(ctx, name, head, (size_t)(NPY_PREFIX + used), array->data, count * h5_type_size(array->type));
}

static status add_graph(archive *a, const export_inputs *in)
{
    char *text;
    TRY(export_graph_json(&text, in));
    status s = add_array(
        a,
        &(export_array){.group = "", .name = "graph", .type = H5_U8, .rank = 1, .dims = {strlen(text)}, .data = text});
    free(text);
    return s;
}

/* Puts the directory behind the members. The directory's text is freed in any case. */
static status finish_archive(archive *a)
{
    TRY(export_text_close(&a->directory));
    const long offset = ftell(a->body.out);
    fwrite(a->directory.text, 1, a->directory.length, a->body.out);
    put(a->body.out, DIRECTORY_END, 4);
    put(a->body.out, 0, 4);
    put(a->body.out, a->members, 2);
    put(a->body.out, a->members, 2);
    put(a->body.out, a->directory.length, 4);
    put(a->body.out, (unsigned long)offset, 4);
    put(a->body.out, 0, 2);
    free(a->directory.text);
    return status_ok();
}

static status write_npz(export_folder *to, const export_inputs *in)
{
    archive a = {.members = 0};
    TRY(export_text_open(&a.body));
    status s = export_text_open(&a.directory);
    if (!failed(s)) {
        s = add_graph(&a, in);
        if (!failed(s)) s = export_arrays(in, add_array, &a);
        status finished = finish_archive(&a);
        if (!failed(s)) s = finished;
    }
    status closed = export_text_close(&a.body);
    if (failed(closed)) return failed(s) ? s : closed;
    if (!failed(s)) s = export_folder_bytes(to, "network.npz", a.body.text, a.body.length);
    free(a.body.text);
    return s;
}

const exporter exporter_npz = {
    .name = "npz", .help = "arrays for numpy: codes, packed bytes, scales; the graph as JSON", .write = write_npz};
