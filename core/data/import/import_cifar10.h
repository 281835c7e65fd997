/* import_cifar10: the binary version of CIFAR-10 (Krizhevsky 2009) -> prepared file. */
#ifndef CORE_DATA_IMPORT_IMPORT_CIFAR10_H
#define CORE_DATA_IMPORT_IMPORT_CIFAR10_H

#include <stdint.h>

#include "core/base/status.h"

/* source: the official archive (cifar-10-binary.tar.gz), a folder with data_batch_1.bin ... data_batch_5.bin and
 * test_batch.bin, or the same six files compressed with xz (.bin.xz) or gzip (.bin.gz).
 * Checks file sizes, labels and class counts. test_batch becomes the test split; of the 50,000 training images
 * round(validation_fraction * 50,000), drawn at random from split_seed (RNG_SPLIT), become the validation split.
 * Nothing is left at `out` unless everything succeeded. */
MUST_CHECK status import_cifar10(const char *source, const char *out, uint64_t split_seed, double validation_fraction);

#endif
