#include "core/data/import/picture.h"

#include <stdlib.h>

void picture_free(picture *p)
{
    free(p->pixels);
    p->pixels = NULL;
}

status picture_allocate(picture *out, const char *name)
{
    if (out->height < 1 || out->width < 1 || out->height > PICTURE_SIDE || out->width > PICTURE_SIDE)
        return status_fail(STATUS_DATA, "%s has %d x %d pixels; 1 to %d a side are possible", name, out->height,
                           out->width, PICTURE_SIDE);
    out->pixels = malloc((size_t)out->height * out->width * out->channels);
    if (out->pixels == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the %d x %d pixels of %s", out->height, out->width, name);
    return status_ok();
}

status picture_decode(picture *out, const uint8_t *bytes, size_t size, const char *name)
{
    if (size == 0) return status_fail(STATUS_DATA, "%s is empty", name);
    if (png_is(bytes, size)) return png_decode(out, bytes, size, name);
    if (jpeg_is(bytes, size)) return jpeg_decode(out, bytes, size, name);
    return status_fail(STATUS_DATA, "%s is neither a PNG nor a JPEG picture", name);
}
