/* The attributes of HDF5's dimension scale specification: CLASS and NAME of a scale, DIMENSION_LIST of what it is
 * attached to (for each dimension a list of references) and REFERENCE_LIST back. Written here because the library's own
 * calls rewrite a scale's list for every data set. */
#include "core/io/h5_scale.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5_internal.h"

/* The data sets below a group, and of each the scales of its axes. */
typedef struct {
    const char *name; /* borrowed */
    hid_t set;        /* open while scales are attached; -1: it has no dimensions */
    int rank;         /* 0: it has no dimensions, or some without scale */
    size_t scales[H5_MAX_RANK];
    bool is_scale;
} member;

/* The types of what is attached. */
typedef struct {
    hid_t list, back;
} scale_types;

/* An entry of REFERENCE_LIST. */
typedef struct {
    hobj_ref_t reference;
    int32_t dimension, filler; /* the same bytes every time */
} back_reference;

static size_t find_member(const member *all, size_t count, const char *name, size_t length)
{
    size_t i = 0;
    while (i < count && (strncmp(all[i].name, name, length) != 0 || all[i].name[length] != '\0')) i++;
    return i;
}

/* all[at].rank stays 0 unless each of its dimensions has a scale. */
static void find_scales(member *all, size_t count, size_t at, const char *dimensions)
{
    int rank = 0;
    for (const char *from = dimensions + strspn(dimensions, " "); *from != '\0'; from += strspn(from, " ")) {
        const size_t length = strcspn(from, " "), scale = find_member(all, count, from, length);
        if (scale == count || rank == H5_MAX_RANK) return;
        all[at].scales[rank++] = scale;
        from += length;
    }
    all[at].rank = rank;
    all[at].is_scale = rank == 1 && all[at].scales[0] == at;
}

/* Opens the member if it has dimensions. */
static status open_member(member *m, h5_id group)
{
    hid_t set = H5Oopen(group, m->name, H5P_DEFAULT);
    if (set < 0) return h5_fail(group, m->name, "open");
    if (H5Aexists(set, H5_DIMENSIONS) > 0)
        m->set = set;
    else
        H5Oclose(set);
    return status_ok();
}

static status read_members(member *all, size_t count, h5_id group)
{
    for (size_t i = 0; i < count; i++) {
        char *text;
        TRY(open_member(&all[i], group));
        if (all[i].set < 0) continue;
        TRY(h5_get_text(&text, all[i].set, ".", H5_DIMENSIONS));
        find_scales(all, count, i, text);
        free(text);
    }
    return status_ok();
}

static void close_members(const member *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].set >= 0) H5Oclose(all[i].set);
}

static bool replace(hid_t target, const char *name, hid_t type, hid_t memory, hsize_t count, const void *value)
{
    if (H5Aexists(target, name) > 0 && H5Adelete(target, name) < 0) return false;
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t attribute = space >= 0 ? H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    bool good = attribute >= 0 && H5Awrite(attribute, memory, value) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    return good;
}

/* A text of the specification: ASCII, ended by a zero. */
static bool replace_text(hid_t target, const char *name, const char *text)
{
    if (H5Aexists(target, name) > 0 && H5Adelete(target, name) < 0) return false;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    bool good = type >= 0 && space >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0;
    hid_t attribute = good ? H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    good = attribute >= 0 && H5Awrite(attribute, type, text) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return good;
}

static bool attach(const member *m, const hobj_ref_t *references, hid_t type)
{
    hobj_ref_t scales[H5_MAX_RANK];
    hvl_t lists[H5_MAX_RANK];
    for (int d = 0; d < m->rank; d++) {
        scales[d] = references[m->scales[d]];
        lists[d] = (hvl_t){1, &scales[d]};
    }
    return replace(m->set, "DIMENSION_LIST", type, type, (hsize_t)m->rank, lists);
}

/* back: room for an entry of every dimension of every member. */
static bool make_scale(const member *all, size_t count, size_t at, const hobj_ref_t *references, back_reference *back,
                       hid_t type)
{
    const hid_t scale = all[at].set;
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        for (int d = 0; d < all[i].rank; d++)
            if (all[i].scales[d] == at && !all[i].is_scale) back[used++] = (back_reference){references[i], d, 0};
    return replace_text(scale, "CLASS", "DIMENSION_SCALE") && replace_text(scale, "NAME", all[at].name) &&
           (used == 0 || replace(scale, "REFERENCE_LIST", type, type, used, back));
}

/* Both are to be closed; negative on failure. */
static scale_types make_types(void)
{
    scale_types t = {H5Tvlen_create(H5T_STD_REF_OBJ), H5Tcreate(H5T_COMPOUND, sizeof(back_reference))};
    if (t.back >= 0 && (H5Tinsert(t.back, "dataset", offsetof(back_reference, reference), H5T_STD_REF_OBJ) < 0 ||
                        H5Tinsert(t.back, "dimension", offsetof(back_reference, dimension), H5T_STD_I32LE) < 0)) {
        H5Tclose(t.back);
        t.back = -1;
    }
    return t;
}

static status refer_to_members(h5_id group, const member *all, size_t count, hobj_ref_t *references)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].rank > 0 && H5Rcreate(&references[i], all[i].set, ".", H5R_OBJECT, -1) < 0)
            return h5_fail(group, all[i].name, "refer to");
    return status_ok();
}

static status attach_members(h5_id group, const member *all, size_t count, const hobj_ref_t *references,
                             back_reference *back, const scale_types *types)
{
    for (size_t i = 0; i < count; i++) {
        for (int d = 0; d < all[i].rank; d++)
            if (!all[all[i].scales[d]].is_scale)
                return status_fail(STATUS_DATA, "%s is no scale of one dimension", all[all[i].scales[d]].name);
        const bool good =
            all[i].rank == 0 || (all[i].is_scale ? make_scale(all, count, i, references, back, types->back)
                                                 : attach(&all[i], references, types->list));
        if (!good) return h5_fail(group, all[i].name, "attach the scales of");
    }
    return status_ok();
}

/* The arrays have room for all members. */
static status attach_all(h5_id group, member *all, size_t count, hobj_ref_t *references, back_reference *back)
{
    const scale_types types = make_types();
    status result = types.list >= 0 && types.back >= 0 ? read_members(all, count, group)
                                                       : h5_fail(group, ".", "make the types of the scales of");
    if (!failed(result)) result = refer_to_members(group, all, count, references);
    if (!failed(result)) result = attach_members(group, all, count, references, back, &types);
    close_members(all, count);
    if (types.list >= 0) H5Tclose(types.list);
    if (types.back >= 0) H5Tclose(types.back);
    return result;
}

status h5_attach_scales(h5_id group)
{
    char **names;
    size_t count;
    TRY(h5_list(&names, &count, group));
    member *all = malloc((count + 1) * sizeof *all);
    hobj_ref_t *references = calloc(count + 1, sizeof *references);
    back_reference *back = calloc(count * H5_MAX_RANK + 1, sizeof *back);
    const bool room = all != NULL && references != NULL && back != NULL;
    for (size_t i = 0; room && i < count; i++) all[i] = (member){.name = names[i], .set = -1};
    status result = room ? attach_all(group, all, count, references, back)
                         : status_fail(STATUS_MEMORY, "no memory for %zu scales", count);
    free(back);
    free(references);
    free(all);
    free(names);
    return result;
}
