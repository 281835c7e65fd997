/* compare_results A.h5 B.h5: are two result files equal, byte for byte, in everything that P1 promises? All data sets
 * and attributes of all groups are compared, except "seconds" and the group "provenance", which say how long, where and
 * when. Exit code 0: equal; 1: different (the first differences are printed); 2: a file cannot be read. */
#define _POSIX_C_SOURCE 200809L
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SHOWN = 10 };

typedef struct {
    hid_t other;
    int datasets, attributes, differences;
} comparison;

static void differ(comparison *c, const char *what, const char *why)
{
    if (c->differences++ < MAX_SHOWN) printf("different: %s: %s\n", what, why);
}

static int is_excluded(const char *path)
{
    const char *last = strrchr(path, '/');
    last = last != NULL ? last + 1 : path;
    return strcmp(last, "seconds") == 0 || strcmp(path, "provenance") == 0 || strstr(path, "/provenance") != NULL ||
           strncmp(path, "provenance/", 11) == 0;
}

/* The objects of a file by their addresses, which references are. */
typedef struct {
    haddr_t address;
    char *name;
} known_object;
typedef struct {
    known_object *objects;
    size_t count, room;
} object_table;
static object_table tables[2];

static int by_address(const void *a, const void *b)
{
    const haddr_t x = ((const known_object *)a)->address, y = ((const known_object *)b)->address;
    return (x > y) - (x < y);
}

static herr_t note_object(hid_t file, const char *path, const H5O_info_t *info, void *ctx)
{
    (void)file;
    object_table *t = ctx;
    if (t->count == t->room) {
        t->room = 2 * t->room + 64;
        t->objects = realloc(t->objects, t->room * sizeof *t->objects);
    }
    if (t->objects == NULL) return -1;
    t->objects[t->count++] = (known_object){info->addr, strdup(path)};
    return 0;
}

static int make_table(object_table *t, hid_t file)
{
    if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, note_object, t) < 0) return 0;
    qsort(t->objects, t->count, sizeof *t->objects, by_address);
    return 1;
}

static void free_table(object_table *t)
{
    for (size_t i = 0; i < t->count; i++) free(t->objects[i].name);
    free(t->objects);
}

static const char *name_of(const object_table *t, const void *reference)
{
    const known_object wanted = {*(const hobj_ref_t *)reference, NULL};
    const known_object *found = bsearch(&wanted, t->objects, t->count, sizeof *t->objects, by_address);
    return found != NULL ? found->name : NULL;
}

/* A reference is a place in its file, behind what differs: the name of the object counts. */
static int same_object(const void *a, const void *b)
{
    const char *x = name_of(&tables[0], a), *y = name_of(&tables[1], b);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

static int same_elements(hid_t type, const char *a, const char *b, size_t count);

static int same_lists(hid_t type, const char *a, const char *b)
{
    const hvl_t *x = (const hvl_t *)(const void *)a, *y = (const hvl_t *)(const void *)b;
    hid_t element = H5Tget_super(type);
    int same = x->len == y->len && same_elements(element, x->p, y->p, x->len);
    H5Tclose(element);
    return same;
}

static int same_members(hid_t type, const char *a, const char *b)
{
    int same = 1;
    for (unsigned i = 0; same && i < (unsigned)H5Tget_nmembers(type); i++) {
        const size_t at = H5Tget_member_offset(type, i);
        hid_t member = H5Tget_member_type(type, i);
        same = same_elements(member, a + at, b + at, 1);
        H5Tclose(member);
    }
    return same;
}

/* Elements of variable length and references are pointers: what they point at counts. */
static int same_elements(hid_t type, const char *a, const char *b, size_t count)
{
    const size_t bytes = H5Tget_size(type);
    const H5T_class_t kind = H5Tget_class(type);
    const int is_text = H5Tis_variable_str(type) > 0;
    if (!is_text && kind != H5T_VLEN && kind != H5T_REFERENCE && kind != H5T_COMPOUND)
        return memcmp(a, b, count * bytes) == 0;
    for (size_t i = 0; i < count; i++, a += bytes, b += bytes) {
        int same = is_text            ? strcmp(*(char *const *)(const void *)a, *(char *const *)(const void *)b) == 0
                   : kind == H5T_VLEN ? same_lists(type, a, b)
                   : kind == H5T_REFERENCE ? same_object(a, b)
                                           : same_members(type, a, b);
        if (!same) return 0;
    }
    return 1;
}

typedef herr_t (*reader)(hid_t object, hid_t type, void *out);

static herr_t read_dataset(hid_t object, hid_t type, void *out)
{
    return H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
}

static herr_t read_attribute(hid_t object, hid_t type, void *out)
{
    return H5Aread(object, type, out);
}

static void compare_values(comparison *c, const char *what, hid_t a, hid_t b, hid_t type_a, hid_t type_b, hid_t space_a,
                           hid_t space_b, reader read)
{
    hssize_t count = H5Sget_simple_extent_npoints(space_a);
    if (H5Tequal(type_a, type_b) <= 0) {
        differ(c, what, "type");
    } else if (H5Sextent_equal(space_a, space_b) <= 0) {
        differ(c, what, "shape");
    } else if (count > 0) {
        size_t bytes = (size_t)count * H5Tget_size(type_a);
        char *x = calloc(1, bytes), *y = calloc(1, bytes);
        if (x == NULL || y == NULL || read(a, type_a, x) < 0 || read(b, type_b, y) < 0)
            differ(c, what, "cannot be read");
        else if (!same_elements(type_a, x, y, (size_t)count))
            differ(c, what, "values");
        free(x); /* strings that the library allocated live until the program ends */
        free(y);
    }
}

static herr_t compare_attribute(hid_t object, const char *name, const H5A_info_t *info, void *ctx)
{
    (void)info;
    comparison *c = ((void **)ctx)[0];
    const char *path = ((void **)ctx)[1];
    hid_t twin = *(hid_t *)((void **)ctx)[2];
    if (strcmp(name, "seconds") == 0) return 0;
    char what[600];
    snprintf(what, sizeof what, "%s@%s", path, name);
    c->attributes++;
    if (H5Aexists(twin, name) <= 0) {
        differ(c, what, "missing in the second file");
        return 0;
    }
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), b = H5Aopen(twin, name, H5P_DEFAULT);
    compare_values(c, what, a, b, H5Aget_type(a), H5Aget_type(b), H5Aget_space(a), H5Aget_space(b), read_attribute);
    H5Aclose(a);
    H5Aclose(b);
    return 0;
}

static herr_t compare_object(hid_t file, const char *path, const H5O_info_t *info, void *ctx)
{
    comparison *c = ctx;
    if (is_excluded(path)) return 0;
    if (strcmp(path, ".") != 0 && H5Lexists(c->other, path, H5P_DEFAULT) <= 0) {
        differ(c, path, "missing in the second file");
        return 0;
    }
    hid_t a = H5Oopen(file, path, H5P_DEFAULT), b = H5Oopen(c->other, path, H5P_DEFAULT);
    if (info->type == H5O_TYPE_DATASET) {
        c->datasets++;
        compare_values(c, path, a, b, H5Dget_type(a), H5Dget_type(b), H5Dget_space(a), H5Dget_space(b), read_dataset);
    }
    void *pack[3] = {c, (void *)(size_t)path, &b};
    H5Aiterate(a, H5_INDEX_NAME, H5_ITER_INC, NULL, compare_attribute, pack);
    H5Oclose(a);
    H5Oclose(b);
    return 0;
}

/* What only the second file has. */
static herr_t find_extra(hid_t file, const char *path, const H5O_info_t *info, void *ctx)
{
    (void)file;
    (void)info;
    comparison *c = ctx;
    if (!is_excluded(path) && strcmp(path, ".") != 0 && H5Lexists(c->other, path, H5P_DEFAULT) <= 0)
        differ(c, path, "missing in the first file");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: compare_results A.h5 B.h5\n");
        return 2;
    }
    hid_t a = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT), b = H5Fopen(argv[2], H5F_ACC_RDONLY, H5P_DEFAULT);
    if (a < 0 || b < 0) return 2;
    if (!make_table(&tables[0], a) || !make_table(&tables[1], b)) return 2;
    comparison c = {.other = b};
    if (H5Ovisit(a, H5_INDEX_NAME, H5_ITER_INC, compare_object, &c) < 0) return 2;
    c.other = a;
    if (H5Ovisit(b, H5_INDEX_NAME, H5_ITER_INC, find_extra, &c) < 0) return 2;
    printf("%d data sets and %d attributes compared, %d different\n", c.datasets, c.attributes, c.differences);
    for (int i = 0; i < 2; i++) free_table(&tables[i]);
    H5Fclose(a);
    H5Fclose(b);
    return c.differences > 0 || c.datasets == 0;
}
