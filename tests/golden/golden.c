#include "tests/golden/golden.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

static int compared;

static void stop(const char *message, int code)
{
    fprintf(stderr, "%s\n", message);
    exit(code);
}

static const char *folder_of(const char *name, bool *explicit_folder)
{
    static const char *const defaults[] = {"tests/golden", "../shared/golden"};
    const char *chosen = getenv("BITFRONT_GOLDEN");
    *explicit_folder = chosen != NULL;
    if (chosen != NULL) return chosen;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", defaults[i], name);
        if (file_exists(path)) return defaults[i];
    }
    return NULL;
}

h5_id golden_open(const char *name)
{
    bool explicit_folder;
    const char *folder = folder_of(name, &explicit_folder);
    if (folder == NULL) {
        printf("skipped: %s is neither in tests/golden nor in ../shared/golden\n", name);
        exit(GOLDEN_SKIPPED);
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    h5_id file;
    status s = h5_open_read(&file, path);
    if (failed(s)) stop(s.message, 1);
    return file;
}

golden_tensor golden_read(h5_id file, const char *format, ...)
{
    char name[256];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    golden_tensor t = {0};
    status s = status_ok();
    for (t.rank = 1; t.rank <= 4; t.rank++) {
        s = h5_dims(file, name, t.rank, t.dims);
        if (!failed(s)) break;
    }
    if (failed(s)) stop(s.message, 1);
    t.count = 1;
    for (int i = 0; i < t.rank; i++) t.count *= t.dims[i];
    t.data = malloc(t.count * sizeof *t.data);
    s = h5_read(file, name, H5_F64, t.count, t.data);
    if (failed(s)) stop(s.message, 1);
    return t;
}

double golden_number(h5_id file, const char *group, const char *attribute)
{
    double value;
    status s = h5_get_number(&value, file, group, attribute);
    if (failed(s)) stop(s.message, 1);
    return value;
}

/* out[b][c][a] = in[a][b][c] for sizes (a, b, c): moves the first axis to the end. */
static void rotate(golden_tensor *t, size_t a, size_t b)
{
    double *out = malloc(t->count * sizeof *out);
    for (size_t i = 0; i < a; i++)
        for (size_t j = 0; j < b; j++) out[j * a + i] = t->data[i * b + j];
    free(t->data);
    t->data = out;
}

void golden_weight_order(golden_tensor *t, bool depthwise)
{
    if (t->rank == 2) rotate(t, t->dims[0], t->dims[1]);
    if (t->rank != 4) return;
    size_t o = t->dims[0], c = t->dims[1], window = t->dims[2] * t->dims[3];
    rotate(t, o, c * window);              /* (C, H, W, O) */
    if (depthwise) return;                 /* C == 1: (H, W, O) */
    double *out = malloc(t->count * sizeof *out);
    for (size_t i = 0; i < c; i++)
        for (size_t k = 0; k < window; k++)
            memcpy(out + (k * c + i) * o, t->data + (i * window + k) * o, o * sizeof *out);
    free(t->data);
    t->data = out;
}

void golden_activation_order(golden_tensor *t)
{
    size_t c = t->dims[1], plane = t->dims[2] * t->dims[3];
    double *out = malloc(t->count * sizeof *out);
    for (size_t n = 0; n < t->dims[0]; n++)
        for (size_t i = 0; i < c; i++)
            for (size_t k = 0; k < plane; k++) out[(n * plane + k) * c + i] = t->data[(n * c + i) * plane + k];
    free(t->data);
    t->data = out;
}

int golden_compare(const char *name, const real *values, const golden_tensor *wanted, double tolerance)
{
    double largest = 0, worst = -1;
    size_t at = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        double difference = fabs((double)values[i] - wanted->data[i]);
        if (!(difference <= worst)) {
            worst = difference;
            at = i;
        }
        if (fabs(wanted->data[i]) > largest) largest = fabs(wanted->data[i]);
    }
    compared++;
    if (worst <= tolerance * largest) return 0;
    printf("%s: largest difference %.4g (relative %.3g, allowed %.3g) at %zu of %zu: %.9g, wanted %.9g\n", name, worst,
           largest > 0 ? worst / largest : INFINITY, tolerance, at, wanted->count, (double)values[at], wanted->data[at]);
    return 1;
}

int golden_compared(void)
{
    return compared;
}
