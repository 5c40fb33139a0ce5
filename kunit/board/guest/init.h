/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of a board's first process share. */
#ifndef BOARD_INIT_H
#define BOARD_INIT_H

/* The kernel's command line. */
extern char cmdline[2048];

/* One line for the runner. */
void __attribute__((format(printf, 1, 2))) tell(const char *format, ...);

/* Drivers that are not part of the kernel, with the options that they have there. */
void load_modules(void);

#endif
