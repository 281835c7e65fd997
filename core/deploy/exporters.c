#include <string.h>

#include "core/deploy/export_c.h"
#include "core/deploy/export_h5.h"
#include "core/deploy/export_npz.h"
#include "core/deploy/export_onnx.h"
#include "core/deploy/exporter.h"

static const exporter *const table[] = {&exporter_c, &exporter_onnx, &exporter_npz, &exporter_h5, NULL};

const exporter *const *exporters(void)
{
    return table;
}

const exporter *exporters_find(const char *name)
{
    for (const exporter *const *e = table; *e != NULL; e++)
        if (strcmp((*e)->name, name) == 0) return *e;
    return NULL;
}
