#include "core/data/import/importers.h"

#include <stddef.h>
#include <string.h>

extern const importer importer_cifar10, importer_idx, importer_npy, importer_speech_commands, importer_synthetic;

const importer *const importers[] = {
    &importer_npy, &importer_idx, &importer_cifar10, &importer_speech_commands, &importer_synthetic, NULL,
};

const importer *importer_find(const char *name)
{
    for (int i = 0; importers[i] != NULL; i++)
        if (strcmp(importers[i]->name, name) == 0) return importers[i];
    return NULL;
}
