/* .npy, format versions 1.0 to 3.0 (NumPy Enhancement Proposal 1 and numpy.lib.format): the magic, a version, the
 * length of a header, the header as text of a Python dictionary with the keys descr, fortran_order and shape, then the
 * numbers. An .npz is a .zip of such files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/number.h"
#include "core/data/import/array_file.h"

enum { MOST_HEADER = 1 << 16 };

static status bad_header(const array_file *a, const char *why, const char *text)
{
    return status_fail(STATUS_DATA, "%s: %s in the header of a NumPy array: %.100s", a->name, why, text);
}

/* The text behind 'key': in the dictionary; NULL when the key is missing. */
static const char *find_value(const char *header, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *at = strstr(header, quoted);
    if (at == NULL) return NULL;
    at += strlen(quoted);
    while (isspace((unsigned char)*at)) at++;
    if (*at != ':') return NULL;
    at++;
    while (isspace((unsigned char)*at)) at++;
    return at;
}

/* '<f4': byte order, kind, bytes. */
static status read_type(array_file *a, const char *header)
{
    const char *at = find_value(header, "descr");
    if (at == NULL) return bad_header(a, "no 'descr'", header);
    if (*at == '[')
        return status_fail(STATUS_DATA,
                           "%s holds structures (several fields an element); a plain array of numbers is wanted",
                           a->name);
    char order = at[0] != '\0' ? at[1] : '\0';
    if (*at != '\'' || strchr("<>|=", order) == NULL || order == '\0') return bad_header(a, "a strange 'descr'", at);
    char kind = at[2];
    if (kind == '\0') return bad_header(a, "a cut 'descr'", at);
    if (kind == 'O')
        return status_fail(STATUS_DATA,
                           "%s holds Python objects (dtype object): samples of different shapes, perhaps; make it one "
                           "array of numbers with numpy.stack, all of one shape",
                           a->name);
    if (kind == 'U' || kind == 'S')
        return status_fail(STATUS_DATA,
                           "%s holds texts; labels are whole numbers from 0 on: numpy.unique(texts, "
                           "return_inverse=True)[1], with the names in --class-names",
                           a->name);
    int64_t bytes = 0;
    const char *end = at + 3;
    number_take_whole(&bytes, &end, 1, 8);
    bool whole = kind == 'u' || kind == 'i', one = bytes == 1 && (whole || kind == 'b');
    if (*end != '\'' ||
        !(one || (whole && (bytes == 2 || bytes == 4 || bytes == 8)) || (kind == 'f' && (bytes == 4 || bytes == 8))))
        return status_fail(STATUS_DATA,
                           "%s holds numbers of type %.8s; read are integers of 1 to 8 bytes and floats of 4 and 8: "
                           "convert it with astype",
                           a->name, at);
    a->kind = kind == 'f' ? ARRAY_FLOAT : kind == 'i' ? ARRAY_SIGNED : ARRAY_UNSIGNED;
    a->element = (int)bytes;
    a->big_endian = order == '>';
    return status_ok();
}

static status read_order(const array_file *a, const char *header)
{
    const char *at = find_value(header, "fortran_order");
    if (at == NULL) return bad_header(a, "no 'fortran_order'", header);
    if (strncmp(at, "False", 5) == 0) return status_ok();
    if (strncmp(at, "True", 4) != 0) return bad_header(a, "a strange 'fortran_order'", at);
    return status_fail(STATUS_DATA,
                       "%s is stored column by column (fortran_order); save numpy.ascontiguousarray(array) instead",
                       a->name);
}

static status read_shape(array_file *a, const char *header)
{
    const char *at = find_value(header, "shape");
    if (at == NULL || *at != '(') return bad_header(a, "no 'shape'", header);
    at++;
    a->rank = 0;
    for (;;) {
        while (isspace((unsigned char)*at)) at++;
        if (*at == ')') return array_check_shape(a);
        if (a->rank == ARRAY_RANK)
            return status_fail(STATUS_DATA, "%s has more than %d dimensions", a->name, ARRAY_RANK);
        uint64_t length;
        if (!number_take_count(&length, &at)) return bad_header(a, "a strange 'shape'", at);
        a->dims[a->rank++] = length;
        while (isspace((unsigned char)*at) || *at == 'L') at++;
        if (*at == ',')
            at++;
        else if (*at != ')')
            return bad_header(a, "a strange 'shape'", at);
    }
}

static status read_header(array_file *a)
{
    uint8_t start[8], length[4] = {0};
    size_t got;
    TRY(archive_read_part(&got, start, sizeof start, &a->bytes));
    if (got < sizeof start || memcmp(start, "\x93NUMPY", 6) != 0)
        return status_fail(STATUS_DATA, "%s is not a NumPy array (.npy); save it with numpy.save", a->name);
    if (a->sum != NULL) checksum_add(a->sum, start, sizeof start);
    if (start[6] < 1 || start[6] > 3)
        return status_fail(STATUS_DATA, "%s: version %d of the .npy format; 1 to 3 are known", a->name, start[6]);
    TRY(array_take(a, length, start[6] == 1 ? 2 : 4, "header"));
    size_t bytes = length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    if (bytes > MOST_HEADER) return status_fail(STATUS_DATA, "%s: a header of %zu bytes is damaged", a->name, bytes);
    char *text = malloc(bytes + 1);
    if (text == NULL) return status_fail(STATUS_MEMORY, "no memory for the header of %s", a->name);
    status s = array_take(a, text, bytes, "header");
    text[bytes] = '\0';
    if (!failed(s)) s = read_type(a, text);
    if (!failed(s)) s = read_order(a, text);
    if (!failed(s)) s = read_shape(a, text);
    free(text);
    return s;
}

bool npy_is_zip(const char *path)
{
    char mark[4] = "";
    FILE *file = failed(file_check_plain(path)) ? NULL : fopen(path, "rb");
    if (file == NULL) return false;
    bool zip = fread(mark, 1, sizeof mark, file) == sizeof mark && memcmp(mark, "PK\3\4", sizeof mark) == 0;
    fclose(file);
    return zip;
}

/* Goes to MEMBER.npy; *there = false at the end of the archive. */
static status go_to(bool *there, archive *a, const char *member)
{
    size_t length = strlen(member);
    const char *found;
    do {
        TRY(archive_next(a, &found));
        *there = found != NULL && strncmp(found, member, length) == 0 && strcmp(found + length, ".npy") == 0;
    } while (found != NULL && !*there);
    return status_ok();
}

status npy_has(bool *there, const char *path, const char *member)
{
    archive a;
    TRY(archive_open(&a, path));
    status s = go_to(there, &a, member);
    archive_close(&a);
    return s;
}

status npy_open(array_file *out, const char *path, const char *member, checksum *sum)
{
    bool there = true;
    array_file a = {.sum = sum};
    TRY(member != NULL ? archive_open(&a.bytes, path) : archive_open_file(&a.bytes, path));
    if (member != NULL)
        snprintf(a.name, sizeof a.name, "%.60s in %.300s", member, path);
    else
        snprintf(a.name, sizeof a.name, "%.390s", path);
    status s = member != NULL ? go_to(&there, &a.bytes, member) : status_ok();
    if (!failed(s) && !there) s = status_fail(STATUS_DATA, "%.300s has no array \"%.60s\"", path, member);
    if (!failed(s)) s = read_header(&a);
    if (failed(s))
        archive_close(&a.bytes);
    else
        *out = a;
    return s;
}
