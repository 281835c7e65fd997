/* unit: units as people write them. */
#ifndef CORE_BASE_UNIT_H
#define CORE_BASE_UNIT_H

/* How many of `unit` one of `given` is: the unit itself, with a prefix (k, M, G, m, u), or for "bits" and "bytes" the
 * units of memory: bit, B, kB = 1000 B, MB, KiB = 1024 B, MiB. 0: it is no such unit. */
double unit_factor(const char *given, const char *unit);

#endif
