/* libm: the mathematical functions of this machine. The last bits of exp, log, pow, cos and the like are not fixed by
 * any standard; they differ between C libraries, their versions, and the processors for which one library chooses other
 * code. So a library is known by what it computes. */
#ifndef CORE_BASE_LIBM_H
#define CORE_BASE_LIBM_H

/* "glibc 2.36 (values 1f2e3d4c)": the number is a checksum of the values of all functions that results depend on, at
 * some thousand arguments. Equal texts: the same last bits. */
const char *libm_name(void);

#endif
