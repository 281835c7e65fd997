/* small_data: writes a prepared data set of twelve images of 2 x 2 x 3 zeros in three classes. Link core_data. */
#ifndef TESTS_SUPPORT_SMALL_DATA_H
#define TESTS_SUPPORT_SMALL_DATA_H

#include "core/data/prepared.h"

enum { SMALL_COUNT = 12, SMALL_PIXELS = 12, SMALL_CLASSES = 3 };

MUST_CHECK static inline status small_data_write(const char *path)
{
    static const char *const names[SMALL_CLASSES] = {"a", "b", "c"};
    static uint8_t samples[SMALL_COUNT * SMALL_PIXELS], marks[SMALL_COUNT];
    static int32_t labels[SMALL_COUNT];
    for (int i = 0; i < SMALL_COUNT; i++) {
        labels[i] = i % SMALL_CLASSES;
        marks[i] = (uint8_t)(i < 6 ? 0 : i < 9 ? 1 : 2);
    }
    const prepared content = {.name = "small",
                              .source = "test",
                              .source_checksum = "sha256:00",
                              .height = 2,
                              .width = 2,
                              .channels = 3,
                              .classes = SMALL_CLASSES,
                              .count = SMALL_COUNT,
                              .scale = 1,
                              .samples = samples,
                              .labels = labels,
                              .split = marks,
                              .class_names = names};
    return prepared_write(path, &content);
}

#endif
