#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/import/picture_write.h"

/* Everything that must survive a jump out of the library. */
typedef struct {
    uint8_t *bytes;
    size_t size, room;
    jmp_buf failed;
} writer;

static void fail_png(png_structp png, png_const_charp why)
{
    (void)why; /* memory: nothing else can be wrong with pixels of ours */
    longjmp(((writer *)png_get_error_ptr(png))->failed, 1);
}

static void take_bytes(png_structp png, png_bytep bytes, size_t count)
{
    writer *w = png_get_io_ptr(png);
    if (count > w->room - w->size) {
        size_t room = 2 * w->room + count;
        uint8_t *more = realloc(w->bytes, room);
        if (more == NULL) png_error(png, "no memory");
        w->bytes = more;
        w->room = room;
    }
    memcpy(w->bytes + w->size, bytes, count);
    w->size += count;
}

static bool encode(writer *w, png_structp png, png_infop info, const picture *p)
{
    if (setjmp(w->failed)) return false;
    png_set_write_fn(png, w, take_bytes, NULL);
    png_set_IHDR(png, info, (unsigned)p->width, (unsigned)p->height, 8,
                 p->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < p->height; y++) png_write_row(png, p->pixels + (size_t)y * p->width * p->channels);
    png_write_end(png, NULL);
    return true;
}

status picture_encode(uint8_t **out, size_t *size, const picture *p)
{
    writer *w = calloc(1, sizeof *w);
    png_structp png = w != NULL ? png_create_write_struct(PNG_LIBPNG_VER_STRING, w, fail_png, NULL) : NULL;
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    bool good = info != NULL && encode(w, png, info, p);
    if (png != NULL) png_destroy_write_struct(&png, &info);
    if (good) {
        *out = w->bytes;
        *size = w->size;
    } else if (w != NULL) {
        free(w->bytes);
    }
    free(w);
    return good ? status_ok() : status_fail(STATUS_MEMORY, "no memory to write a picture");
}
