/* The only user of libpng. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/import/picture.h"

/* Everything that must survive a jump out of the library. */
typedef struct {
    const uint8_t *bytes;
    size_t size, at;
    const char *name;
    picture out;
    uint8_t *alpha_rows; /* pixels with their alpha, while there is any */
    png_bytep *rows;
    int stored_channels; /* with alpha */
    jmp_buf failed;
    char why[120];
} reader;

bool png_is(const uint8_t *bytes, size_t size)
{
    return size >= 8 && png_sig_cmp(bytes, 0, 8) == 0;
}

static void fail_png(png_structp png, png_const_charp why)
{
    reader *r = png_get_error_ptr(png);
    snprintf(r->why, sizeof r->why, "%s", why);
    longjmp(r->failed, 1);
}

static void ignore_warning(png_structp png, png_const_charp why)
{
    (void)png;
    (void)why;
}

static void give_bytes(png_structp png, png_bytep out, size_t count)
{
    reader *r = png_get_io_ptr(png);
    if (count > r->size - r->at) png_error(png, "the file ends too early");
    memcpy(out, r->bytes + r->at, count);
    r->at += count;
}

static status check_kind(const reader *r, png_structp png, png_infop info)
{
    if (png_get_image_width(png, info) > PICTURE_SIDE || png_get_image_height(png, info) > PICTURE_SIDE)
        return status_fail(STATUS_DATA, "%s has %u x %u pixels; 1 to %d a side are possible", r->name,
                           (unsigned)png_get_image_height(png, info), (unsigned)png_get_image_width(png, info),
                           PICTURE_SIDE);
    if (png_get_bit_depth(png, info) == 16)
        return status_fail(STATUS_DATA, "%s has 16 bits a channel; a sample has 8: convert it first", r->name);
    return status_ok();
}

/* To whole bytes, grey or red green blue, with alpha when there is any. */
static void set_conversion(reader *r, png_structp png, png_infop info)
{
    png_set_expand(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    r->stored_channels = png_get_channels(png, info);
    r->out.height = (int)png_get_image_height(png, info);
    r->out.width = (int)png_get_image_width(png, info);
    r->out.channels = r->stored_channels >= 3 ? 3 : 1;
}

static status allocate(reader *r)
{
    TRY(picture_allocate(&r->out, r->name));
    size_t row = (size_t)r->out.width * r->stored_channels;
    bool alpha = r->stored_channels != r->out.channels;
    r->alpha_rows = alpha ? malloc(row * r->out.height) : NULL;
    r->rows = malloc((size_t)r->out.height * sizeof *r->rows);
    if (r->rows == NULL || (alpha && r->alpha_rows == NULL))
        return status_fail(STATUS_MEMORY, "no memory for the pixels of %s", r->name);
    for (int y = 0; y < r->out.height; y++) r->rows[y] = (alpha ? r->alpha_rows : r->out.pixels) + (size_t)y * row;
    return status_ok();
}

static status drop_alpha(reader *r)
{
    if (r->alpha_rows == NULL) return status_ok();
    int channels = r->out.channels;
    size_t count = (size_t)r->out.height * r->out.width;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = r->alpha_rows + i * (size_t)r->stored_channels;
        if (from[channels] != 255)
            return status_fail(STATUS_DATA,
                               "%s is transparent in places; lay it over a background first, for what is behind it "
                               "would be a guess",
                               r->name);
        memcpy(r->out.pixels + i * (size_t)channels, from, (size_t)channels);
    }
    return status_ok();
}

static status decode(reader *r, png_structp png, png_infop info)
{
    if (setjmp(r->failed))
        return status_fail(STATUS_DATA, "%s is a damaged or incomplete PNG picture (%s)", r->name, r->why);
    png_set_read_fn(png, r, give_bytes);
    png_set_user_limits(png, 1u << 30, 1u << 30); /* the message about sizes is ours */
    png_read_info(png, info);
    TRY(check_kind(r, png, info));
    set_conversion(r, png, info);
    TRY(allocate(r));
    png_read_image(png, r->rows);
    png_read_end(png, NULL);
    return drop_alpha(r);
}

status png_decode(picture *out, const uint8_t *bytes, size_t size, const char *name)
{
    reader *r = calloc(1, sizeof *r);
    png_structp png = r != NULL ? png_create_read_struct(PNG_LIBPNG_VER_STRING, r, fail_png, ignore_warning) : NULL;
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    status s;
    if (info == NULL) {
        s = status_fail(STATUS_MEMORY, "no memory to read %s", name);
    } else {
        r->bytes = bytes, r->size = size, r->name = name;
        s = decode(r, png, info);
    }
    if (png != NULL) png_destroy_read_struct(&png, &info, NULL);
    if (r != NULL) {
        free(r->alpha_rows);
        free(r->rows);
        if (failed(s))
            picture_free(&r->out);
        else
            *out = r->out;
    }
    free(r);
    return s;
}
