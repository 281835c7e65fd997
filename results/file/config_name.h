/* config_name: what a resolved configuration calls its run or its data set, read from the text that results carry. */
#ifndef RESULTS_FILE_CONFIG_NAME_H
#define RESULTS_FILE_CONFIG_NAME_H

#include <stddef.h>

/* The value of `key = "value"` in `text`, without folder and ending; empty when it is not there. */
void config_name(char *out, size_t room, const char *text, const char *key);

#endif
