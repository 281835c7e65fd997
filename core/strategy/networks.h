/* networks: those of a sweep. A configuration names network files, and in each entry of the sweep widths for them;
 * every file at every width that is asked for is a network. Their files' texts, one behind the other with a line
 * between them, are what a run directory keeps as network.cfg. */
#ifndef CORE_STRATEGY_NETWORKS_H
#define CORE_STRATEGY_NETWORKS_H

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/net/graph/graph.h"
#include "core/task/identity.h"

enum { ENTRY_MOST_NETWORKS = MAX_NETWORKS * MAX_NETWORKS, SWEEP_MOST_NETWORKS = 256 };

typedef struct {
    int count;
    graph *graphs;                /* (count), owned */
    identity_network *identities; /* (count), owned */
    int *files;                   /* (count), owned: which file of the settings each is, from 0 */
    double *widths;               /* (count), owned */
} sweep_networks;

/* The texts of all files that the settings name, in the order in which they are named. *out: to be freed. */
MUST_CHECK status networks_text(char **out, const settings *s);

/* The networks of the settings. text: of networks_text; origin: of what messages call it, NULL: the files themselves.
 * STATUS_CONFIG: a file is wrong, or there are more than SWEEP_MOST_NETWORKS. *out is to be freed after success. */
MUST_CHECK status networks_parse(sweep_networks *out, const settings *s, const char *text, const char *origin);
void networks_free(sweep_networks *n);

/* The networks of an entry; returns their number. */
int networks_of_entry(int out[ENTRY_MOST_NETWORKS], const sweep_networks *n, const settings *s, int entry);

#endif
