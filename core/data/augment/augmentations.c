#include <stddef.h>

#include "core/data/augment/augmentation.h"

extern const augmentation augmentation_time_shift, augmentation_colour, augmentation_noise, augmentation_cutout;

const augmentation *const augmentations[] = {
    &augmentation_time_shift, &augmentation_colour, &augmentation_noise, &augmentation_cutout, NULL,
};
