#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/preview.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/config/settings_load.h"
#include "core/data/batch.h"
#include "core/data/import/picture_write.h"
#include "core/strategy/strategies.h"
#include "mpi/cli/inputs.h"

enum { ROWS = 10, COLUMNS = 10, GAP = 2, SMALLEST = 64 };

typedef struct {
    const dataset *data;
    const augment_settings *augment;
    uint64_t seed;
    int zoom; /* pixels of the sheet for one of a sample */
    picture sheet;
    real *x; /* one sample */
} drawing;

/* Row r shows the first training sample of class r, or, with fewer classes, the next one of a class again. */
static int32_t sample_of_row(const dataset *d, int row)
{
    int wanted = row % d->classes, pass = row / d->classes;
    for (int i = 0; i < d->split_count[SPLIT_TRAIN]; i++) {
        int32_t sample = d->split_index[SPLIT_TRAIN][i];
        if (d->labels[sample] == wanted && pass-- == 0) return sample;
    }
    return d->split_index[SPLIT_TRAIN][row % d->split_count[SPLIT_TRAIN]];
}

static uint8_t shade(real value, const dataset *d)
{
    double low = d->is_signed ? -128 : 0, code = (double)value / (double)d->scale - low;
    return (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code + 0.5);
}

static void paint_cell(drawing *w, int row, int column)
{
    const dataset *d = w->data;
    int top = row * (d->height * w->zoom + GAP), left = column * (d->width * w->zoom + GAP);
    for (int y = 0; y < d->height * w->zoom; y++)
        for (int x = 0; x < d->width * w->zoom; x++) {
            const real *from = w->x + ((size_t)(y / w->zoom) * d->width + x / w->zoom) * d->channels;
            uint8_t *to = w->sheet.pixels + ((size_t)(top + y) * w->sheet.width + left + x) * 3;
            for (int k = 0; k < 3; k++) to[k] = shade(from[d->channels == 3 ? k : 0], d);
        }
}

static void paint(drawing *w)
{
    memset(w->sheet.pixels, 128, (size_t)w->sheet.height * w->sheet.width * 3);
    for (int row = 0; row < ROWS; row++) {
        int32_t sample = sample_of_row(w->data, row), label;
        for (int column = 0; column < COLUMNS; column++) {
            batch_load(w->x, &label, w->data, &sample, 1, column > 0 ? w->augment : NULL, w->seed, column - 1);
            paint_cell(w, row, column);
        }
    }
}

static status publish(const char *output, const uint8_t *bytes, size_t size)
{
    file_replacement place;
    TRY(file_replace_begin(&place, output));
    int fd = open(place.temporary, O_WRONLY | O_CLOEXEC);
    status s = fd >= 0 ? file_write_bytes(fd, output, bytes, size)
                       : status_fail(STATUS_IO, "cannot write %s: %s", output, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && !failed(s))
        s = status_fail(STATUS_IO, "cannot write %s: %s", output, strerror(errno));
    if (!failed(s)) return file_replace_end(&place);
    file_replace_abandon(&place);
    return s;
}

static status write_sheet(const char *output, const dataset *d, const settings *s)
{
    drawing w = {.data = d, .augment = &s->augment, .seed = s->seeds[0]};
    w.zoom =
        d->height >= SMALLEST || d->width >= SMALLEST ? 1 : SMALLEST / (d->height > d->width ? d->height : d->width);
    w.sheet = (picture){
        .height = ROWS * (d->height * w.zoom + GAP), .width = COLUMNS * (d->width * w.zoom + GAP), .channels = 3};
    w.x = malloc((size_t)d->height * d->width * d->channels * sizeof *w.x);
    status outcome =
        w.x != NULL ? picture_allocate(&w.sheet, output) : status_fail(STATUS_MEMORY, "no memory for a sample");
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!failed(outcome)) {
        paint(&w);
        outcome = picture_encode(&bytes, &size, &w.sheet);
    }
    if (!failed(outcome)) outcome = publish(output, bytes, size);
    free(bytes);
    free(w.x);
    picture_free(&w.sheet);
    return outcome;
}

status preview_write(const char *output, const char *data, const char *config)
{
    void *block;
    dataset d;
    settings *s = malloc(sizeof *s);
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for the settings");
    status outcome = settings_load(s, config, NULL, 0, strategies_entry_kinds());
    if (!failed(outcome)) outcome = inputs_load_dataset(&block, &d, data);
    if (!failed(outcome)) {
        outcome = write_sheet(output, &d, s);
        free(block);
    }
    free(s);
    return outcome;
}
