#include "tests/support/picture_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

typedef struct {
    uint8_t *bytes;
    size_t size;
} growing;

static void take(png_structp png, png_bytep bytes, size_t count)
{
    growing *g = png_get_io_ptr(png);
    g->bytes = realloc(g->bytes, g->size + count);
    if (g->bytes == NULL) abort();
    memcpy(g->bytes + g->size, bytes, count);
    g->size += count;
}

uint8_t *picture_make_png(size_t *size, int height, int width, int depth, int kind, const uint8_t *rows,
                          const uint8_t *palette)
{
    growing g = {NULL, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &g, take, NULL);
    png_set_IHDR(png, info, (unsigned)width, (unsigned)height, depth, kind, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette != NULL) png_set_PLTE(png, info, (png_const_colorp)palette, 4);
    png_write_info(png, info);
    size_t row = png_get_rowbytes(png, info);
    for (int y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    *size = g.size;
    return g.bytes;
}

uint8_t *picture_make_jpeg(size_t *size, int height, int width, int channels, const uint8_t *pixels, int quality)
{
    struct jpeg_compress_struct j;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long bytes = 0;
    j.err = jpeg_std_error(&errors);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &out, &bytes);
    j.image_width = (unsigned)width;
    j.image_height = (unsigned)height;
    j.input_components = channels;
    j.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, quality, TRUE);
    jpeg_start_compress(&j, TRUE);
    for (int y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)y * width * channels);
        jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    *size = bytes;
    return out;
}
