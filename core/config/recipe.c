#include "core/config/recipe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/share.h"

/* Beside the configuration, or else among those that came with the program. */
static int find_by_name(char out[MAX_PATH_TEXT], const char *folder, const char *name)
{
    char found[SHARE_PATH];
    const int used = snprintf(out, MAX_PATH_TEXT, "%srecipes/%s.cfg", folder, name);
    if (used >= MAX_PATH_TEXT || access(out, F_OK) == 0 || !share_file(found, name, "recipes")) return used;
    return snprintf(out, MAX_PATH_TEXT, "%s", found);
}

status recipe_path(char out[MAX_PATH_TEXT], const config_node *name, const char *folder)
{
    const char *text;
    TRY(config_text(&text, name));
    const size_t length = strlen(text);
    const bool is_path = strchr(text, '/') != NULL || (length > 4 && strcmp(text + length - 4, ".cfg") == 0);
    int used;
    if (text[0] == '/')
        used = snprintf(out, MAX_PATH_TEXT, "%s", text);
    else if (is_path)
        used = snprintf(out, MAX_PATH_TEXT, "%s%s", folder, text);
    else
        used = find_by_name(out, folder, text);
    if (length == 0) return config_fail(name, "is empty; leave it out, or give the name of a recipe");
    if (used >= MAX_PATH_TEXT) return config_fail(name, "is longer than %d characters", MAX_PATH_TEXT - 1);
    return status_ok();
}

status recipe_open(config **out, const char *path, const config_node *origin)
{
    static const char *const of_sweeps[] = {"name", "network", "data", "seeds", "sweep", "recipe"};
    if (access(path, R_OK) != 0)
        return config_fail(origin,
                           "asks for the recipe %.200s, which cannot be read: name a file of the folder recipes "
                           "beside the configuration, or give a path",
                           path);
    TRY(config_open(out, path));
    for (size_t i = 0; i < sizeof of_sweeps / sizeof *of_sweeps; i++) {
        const config_node *node = config_find(config_root(*out), of_sweeps[i]);
        if (node != NULL) return config_fail(node, "belongs in a sweep's own file, not in a recipe");
    }
    return status_ok();
}
