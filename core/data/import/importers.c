#include "core/data/import/importers.h"

#include <stddef.h>
#include <string.h>

extern const importer importer_cifar10, importer_folder, importer_idx, importer_npy, importer_speech_commands,
    importer_synthetic, importer_tiny_imagenet;

const importer *const importers[] = {
    &importer_folder,          &importer_npy,       &importer_idx, &importer_cifar10, &importer_tiny_imagenet,
    &importer_speech_commands, &importer_synthetic, NULL,
};

const importer *importer_find(const char *name)
{
    for (int i = 0; importers[i] != NULL; i++)
        if (strcmp(importers[i]->name, name) == 0) return importers[i];
    return NULL;
}
