/* export_kernels: the texts of target/int_kernels.h and .c as the program was built with them, to be part of what it
 * exports. Written by target/embed.cmake. */
#ifndef CORE_DEPLOY_EXPORT_KERNELS_H
#define CORE_DEPLOY_EXPORT_KERNELS_H

extern const char export_kernels_h[], export_kernels_c[];

#endif
