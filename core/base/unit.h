/* unit: units as people write them. */
#ifndef CORE_BASE_UNIT_H
#define CORE_BASE_UNIT_H

/* How many of `unit` one of `given` is: the unit itself, with a prefix (k, M, G, m, u), or for "bits" and "bytes" the
 * units of memory: bit, B, kB = 1000 B, MB, KiB = 1024 B, MiB. 0: it is no such unit. */
double unit_factor(const char *given, const char *unit);

/* What unit_factor takes, for a message: "cycles, kcycles or Mcycles". */
void unit_choices(char out[64], const char *unit);

/* A value as people read it, with 3 digits: bits and bytes as B, kB or MB, other units with k, M, G where they are
 * large: "10.2 kB", "1.53 Mcycles", "0.0213 J". */
void unit_text(char out[48], double value, const char *unit);

#endif
