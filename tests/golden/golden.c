#include "tests/golden/golden.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

static int compared;
static const char *reduced; /* name of the reduced file in use */

static void stop(const char *message, int code)
{
    fprintf(stderr, "%s\n", message);
    exit(code);
}

static const char *folder_of(const char *name, bool *explicit_folder)
{
    static const char *const defaults[] = {"tests/golden", "../shared/golden", "tests/golden/reduced"};
    const char *chosen = getenv("BITFRONT_GOLDEN");
    *explicit_folder = chosen != NULL;
    if (chosen != NULL) return chosen;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", defaults[i], name);
        if (!file_exists(path)) continue;
        if (i == 2) reduced = name;
        return defaults[i];
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

bool golden_offers(h5_id file, const char *group)
{
    if (reduced == NULL || h5_exists(file, group)) return true;
    printf("skipped: %s is not in the reduced %s\n", group, reduced);
    return false;
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

char *golden_text(h5_id file, const char *group, const char *attribute)
{
    char *text;
    status s = h5_get_text(&text, file, group, attribute);
    if (failed(s)) stop(s.message, 1);
    return text;
}

int golden_cases(h5_id file, const char *group)
{
    int count = 0;
    char name[128];
    do {
        snprintf(name, sizeof name, "%s/case_%03d", group, count++);
    } while (h5_exists(file, name));
    if (--count == 0) {
        snprintf(name, sizeof name, "the vectors have no %s/case_000", group);
        stop(name, 1);
    }
    return count;
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
    rotate(t, o, c * window); /* (C, H, W, O) */
    if (depthwise) return;    /* C == 1: (H, W, O) */
    double *out = malloc(t->count * sizeof *out);
    for (size_t i = 0; i < c; i++)
        for (size_t k = 0; k < window; k++)
            memcpy(out + (k * c + i) * o, t->data + (i * window + k) * o, o * sizeof *out);
    free(t->data);
    t->data = out;
}

void golden_activation_order(golden_tensor *t)
{
    const size_t *dims = t->dims + (t->rank - 3), images = t->rank == 4 ? t->dims[0] : 1;
    size_t c = dims[0], plane = dims[1] * dims[2];
    double *out = malloc(t->count * sizeof *out);
    for (size_t n = 0; n < images; n++)
        for (size_t i = 0; i < c; i++)
            for (size_t k = 0; k < plane; k++) out[(n * plane + k) * c + i] = t->data[(n * c + i) * plane + k];
    free(t->data);
    t->data = out;
}

double golden_largest(const golden_tensor *t)
{
    double largest = 0;
    for (size_t i = 0; i < t->count; i++)
        if (fabs(t->data[i]) > largest) largest = fabs(t->data[i]);
    return largest;
}

int golden_compare_scaled(const char *name, const real *values, const golden_tensor *wanted, double tolerance,
                          double scale)
{
    double largest = golden_largest(wanted), worst = -1;
    if (scale > largest) largest = scale;
    size_t at = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        double difference = fabs((double)values[i] - wanted->data[i]);
        if (!(difference <= worst) && !isnan(worst)) {
            worst = difference;
            at = i;
        }
    }
    compared++;
    if (worst <= tolerance * largest) return 0;
    printf("%s: largest difference %.4g (relative %.3g, allowed %.3g) at %zu of %zu: %.9g, wanted %.9g\n", name, worst,
           largest > 0 ? worst / largest : INFINITY, tolerance, at, wanted->count, (double)values[at],
           wanted->data[at]);
    return 1;
}

int golden_compare(const char *name, const real *values, const golden_tensor *wanted, double tolerance)
{
    return golden_compare_scaled(name, values, wanted, tolerance, 0);
}

int golden_compare_ulps(const char *name, const real *values, const golden_tensor *wanted, double ulps, double least)
{
    compared++;
    for (size_t i = 0; i < wanted->count; i++) {
        const double unit = GOLDEN_ULP * fmax(fabs(wanted->data[i]), least);
        const double difference = fabs((double)values[i] - wanted->data[i]);
        if (difference <= ulps * unit) continue;
        printf("%s: difference of %.3g units in the last place (allowed %.3g) at %zu of %zu: %.9g, wanted %.9g\n", name,
               difference / unit, ulps, i, wanted->count, (double)values[i], wanted->data[i]);
        return 1;
    }
    return 0;
}

int golden_check(h5_id file, const char *group, const char *tensor, const real *values, double tolerance)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", group, tensor);
    golden_tensor wanted = golden_read(file, "%s", name);
    int failures = golden_compare(name, values, &wanted, tolerance);
    free(wanted.data);
    return failures;
}

int golden_report(int failures)
{
    printf("%d tensors compared, %d differ\n", compared, failures);
    if (failures > 0) return 1;
    return compared > 0 ? 0 : reduced != NULL ? GOLDEN_SKIPPED : 1;
}

real *golden_reals(golden_tensor t)
{
    real *out = malloc(t.count * sizeof *out);
    for (size_t i = 0; i < t.count; i++) out[i] = (real)t.data[i];
    free(t.data);
    return out;
}
