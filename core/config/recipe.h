/* recipe: settings that several sweeps share: how networks are trained and quantised. A configuration takes one in with
 * recipe = "NAME", the file recipes/NAME.cfg beside it, or with a path relative to it; what the configuration says
 * itself comes before what the recipe says. */
#ifndef CORE_CONFIG_RECIPE_H
#define CORE_CONFIG_RECIPE_H

#include "core/base/status.h"
#include "core/config/config.h"
#include "core/config/settings.h"

/* The file of a recipe. `folder`: of the configuration, with its slash, or "". */
MUST_CHECK status recipe_path(char out[MAX_PATH_TEXT], const config_node *name, const char *folder);

/* Opens it; fails (STATUS_CONFIG) also when it says what only a sweep can say. origin: who asked for it. */
MUST_CHECK status recipe_open(config **out, const char *path, const config_node *origin);

#endif
