/* idx, the format of MNIST: two zero bytes, a type, the number of dimensions, each size as four bytes (big-endian),
 * then the numbers, big-endian. */
#include <stdio.h>

#include "core/data/import/array_file.h"

static status read_header(array_file *a)
{
    uint8_t start[4], size[4];
    size_t got;
    TRY(archive_read_part(&got, start, sizeof start, &a->bytes));
    if (got < sizeof start || start[0] != 0 || start[1] != 0 || start[3] == 0 || start[3] > ARRAY_RANK)
        return status_fail(STATUS_DATA,
                           "%s is not an idx file: it does not begin with two zero bytes, a type and a number of "
                           "dimensions",
                           a->name);
    switch (start[2]) {
    case 0x08:
        a->kind = ARRAY_UNSIGNED, a->element = 1;
        break;
    case 0x09:
        a->kind = ARRAY_SIGNED, a->element = 1;
        break;
    case 0x0B:
        a->kind = ARRAY_SIGNED, a->element = 2;
        break;
    case 0x0C:
        a->kind = ARRAY_SIGNED, a->element = 4;
        break;
    case 0x0D:
        a->kind = ARRAY_FLOAT, a->element = 4;
        break;
    case 0x0E:
        a->kind = ARRAY_FLOAT, a->element = 8;
        break;
    default:
        return status_fail(STATUS_DATA, "%s is not an idx file: type 0x%02x is none of the format", a->name, start[2]);
    }
    if (a->sum != NULL) checksum_add(a->sum, start, sizeof start);
    a->big_endian = true;
    a->rank = start[3];
    for (int d = 0; d < a->rank; d++) {
        TRY(array_take(a, size, sizeof size, "header"));
        a->dims[d] = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    }
    return array_check_shape(a);
}

status idx_open(array_file *out, const char *path, const char *member, checksum *sum)
{
    (void)member;
    array_file a = {.sum = sum};
    TRY(archive_open_file(&a.bytes, path));
    snprintf(a.name, sizeof a.name, "%.390s", path);
    status s = read_header(&a);
    if (failed(s))
        archive_close(&a.bytes);
    else
        *out = a;
    return s;
}
