/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdtable: how many descriptors this process may have, and room for them in the kernel's table.
 *
 * The soft limit is what a shell or a service manager left it at, 1,024 as a rule, for the sake of programs that use
 * select(2), which does not know higher numbers.
 *
 * The table doubles at 64, 128, 256, … descriptors, and once there are several threads each doubling waits for
 * an RCU grace period in the middle of socket() or accept(): 10 to 20 ms, in which the loop stands still. A process that
 * will have many asks for the room before its first thread, which costs 8 octets of kernel memory a descriptor and no wait.
 */
#ifndef LIB_FDTABLE_H
#define LIB_FDTABLE_H

/* Raises the soft limit to the hard one, where it is lower; returns what holds then, or -errno. */
long fdtable_limit_raise(void);
/* Room for n descriptors, or for as many as RLIMIT_NOFILE allows: 0 or -errno. Opens none; the table never shrinks. */
int fdtable_reserve(unsigned n);

#endif
