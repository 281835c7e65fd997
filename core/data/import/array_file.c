#include "core/data/import/array_file.h"

#include <stdio.h>
#include <string.h>

static const uint64_t MOST_ELEMENTS = (uint64_t)1 << 44;

status array_take(array_file *a, void *out, size_t count, const char *what)
{
    size_t got;
    TRY(archive_read_part(&got, out, count, &a->bytes));
    if (got < count) return status_fail(STATUS_DATA, "%s ends within its %s: it is incomplete", a->name, what);
    if (a->sum != NULL) checksum_add(a->sum, out, count);
    return status_ok();
}

status array_check_shape(array_file *a)
{
    char shape[128];
    a->left = 1;
    for (int d = 0; d < a->rank; d++) {
        if (a->dims[d] == 0)
            return status_fail(STATUS_DATA, "%s holds nothing: its shape is %s", a->name,
                               array_shape(shape, sizeof shape, a));
        if (a->dims[d] > MOST_ELEMENTS / a->left)
            return status_fail(STATUS_DATA, "%s has the impossible shape %s", a->name,
                               array_shape(shape, sizeof shape, a));
        a->left *= a->dims[d];
    }
    return status_ok();
}

status array_read_raw(array_file *a, void *out, size_t count)
{
    if (count > a->left) return status_fail(STATUS_DATA, "%s has fewer elements than were asked for", a->name);
    a->left -= count;
    return array_take(a, out, count * (size_t)a->element, "numbers");
}

status array_skip(array_file *a, uint64_t count)
{
    if (count > a->left) return status_fail(STATUS_DATA, "%s has fewer elements than were asked for", a->name);
    a->left -= count;
    return archive_skip(&a->bytes, count * (uint64_t)a->element);
}

static double decode(const uint8_t *bytes, const array_file *a)
{
    uint64_t bits = 0;
    for (int k = 0; k < a->element; k++) bits |= (uint64_t)bytes[a->big_endian ? a->element - 1 - k : k] << 8 * k;
    if (a->kind == ARRAY_FLOAT && a->element == 8) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (a->kind == ARRAY_FLOAT) {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        return (double)value;
    }
    if (a->kind == ARRAY_UNSIGNED) return (double)bits;
    uint64_t sign = (uint64_t)1 << (8 * a->element - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

status array_read_numbers(array_file *a, double *out, size_t count)
{
    uint8_t bytes[8 * 512];
    for (size_t done = 0; done < count;) {
        size_t n = count - done < 512 ? count - done : 512;
        TRY(array_read_raw(a, bytes, n));
        for (size_t i = 0; i < n; i++) out[done + i] = decode(bytes + i * (size_t)a->element, a);
        done += n;
    }
    return status_ok();
}

status array_end(array_file *a)
{
    uint8_t more;
    size_t got;
    TRY(archive_read_part(&got, &more, 1, &a->bytes));
    if (got == 0) return status_ok();
    char shape[128];
    return status_fail(STATUS_DATA, "%s goes on behind the %s numbers that its header announces: it is damaged",
                       a->name, array_shape(shape, sizeof shape, a));
}

void array_close(array_file *a)
{
    archive_close(&a->bytes);
}

const char *array_shape(char *text, size_t room, const array_file *a)
{
    size_t used = (size_t)snprintf(text, room, "(");
    for (int d = 0; d < a->rank && used < room; d++)
        used += (size_t)snprintf(text + used, room - used, "%s%zu", d > 0 ? ", " : "", a->dims[d]);
    if (used < room) snprintf(text + used, room - used, a->rank == 1 ? ",)" : ")");
    return text;
}
