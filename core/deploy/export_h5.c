#include "core/deploy/export_h5.h"

#include <stdlib.h>

#include "core/base/file.h"
#include "core/deploy/export_arrays.h"

static status add_array(void *ctx, const export_array *a)
{
    h5_id group;
    TRY(h5_group(&group, *(const h5_id *)ctx, a->group));
    status s = h5_write(group, a->name, a->type, a->rank, a->dims, a->data, a->about);
    h5_group_close(group);
    return s;
}

/* An attribute holds up to 64 KB, graphs may be longer: a data set of one text. */
static status add_graph(h5_id file, const export_inputs *in)
{
    char *text;
    TRY(export_graph_json(&text, in));
    const char *const strings[] = {text};
    status s = h5_write_strings(file, "graph", 1, strings,
                                (h5_about){"1", "layers and tensors of the integer network, as JSON"});
    free(text);
    return s;
}

static status write_h5(export_folder *to, const export_inputs *in)
{
    char path[EXPORT_PATH + 64];
    h5_id file;
    TRY(h5_create(&file, export_folder_path(path, to, "network.h5")));
    status s = add_graph(file, in);
    if (!failed(s)) s = export_arrays(in, add_array, &file);
    if (failed(s)) {
        h5_discard(file);
        return s;
    }
    TRY(h5_close(file));
    return file_sync(path);
}

const exporter exporter_h5 = {.name = "h5", .help = "the same in HDF5", .write = write_h5};
