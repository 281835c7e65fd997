/* The only user of libjpeg(-turbo). */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "core/data/import/picture.h"

/* Everything that must survive a jump out of the library. */
typedef struct {
    struct jpeg_error_mgr errors; /* the first member: the library's part */
    struct jpeg_decompress_struct jpeg;
    const char *name;
    picture out;
    bool damaged;
    jmp_buf failed;
    char why[JMSG_LENGTH_MAX];
} reader;

bool jpeg_is(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

static void fail_jpeg(j_common_ptr jpeg)
{
    reader *r = (reader *)jpeg->err;
    r->errors.format_message(jpeg, r->why);
    longjmp(r->failed, 1);
}

/* The library warns and goes on with invented pixels; bytes that nobody needs between two markers do no harm. */
static void note_warning(j_common_ptr jpeg, int level)
{
    reader *r = (reader *)jpeg->err;
    if (level >= 0 || r->errors.msg_code == JWRN_EXTRANEOUS_DATA || r->damaged) return;
    r->damaged = true;
    r->errors.format_message(jpeg, r->why);
}

static status read_head(reader *r)
{
    struct jpeg_decompress_struct *j = &r->jpeg;
    jpeg_read_header(j, TRUE);
    if (j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK)
        return status_fail(STATUS_DATA, "%s is a picture for print (CMYK); convert it to RGB first", r->name);
    r->out.channels = j->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    j->out_color_space = r->out.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    j->dct_method = JDCT_ISLOW; /* exact integers, the same on every machine */
    r->out.height = (int)j->image_height;
    r->out.width = (int)j->image_width;
    return picture_allocate(&r->out, r->name);
}

static status decode(reader *r, const uint8_t *bytes, size_t size)
{
    if (setjmp(r->failed))
        return status_fail(STATUS_DATA, "%s is a damaged or incomplete JPEG picture (%s)", r->name, r->why);
    jpeg_mem_src(&r->jpeg, bytes, size);
    TRY(read_head(r));
    jpeg_start_decompress(&r->jpeg);
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = r->out.pixels + (size_t)r->jpeg.output_scanline * r->out.width * r->out.channels;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&r->jpeg);
    if (!r->damaged) return status_ok();
    return status_fail(STATUS_DATA, "%s is a damaged or incomplete JPEG picture (%s)", r->name, r->why);
}

status jpeg_decode(picture *out, const uint8_t *bytes, size_t size, const char *name)
{
    reader *r = calloc(1, sizeof *r);
    if (r == NULL) return status_fail(STATUS_MEMORY, "no memory to read %s", name);
    r->name = name;
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = fail_jpeg;
    r->errors.emit_message = note_warning;
    status s = status_ok();
    if (setjmp(r->failed))
        s = status_fail(STATUS_MEMORY, "%s: %s", name, r->why);
    else
        jpeg_create_decompress(&r->jpeg);
    if (!failed(s)) s = decode(r, bytes, size);
    jpeg_destroy_decompress(&r->jpeg);
    if (failed(s))
        picture_free(&r->out);
    else
        *out = r->out;
    free(r);
    return s;
}
