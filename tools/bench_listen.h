/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_listen: another program that hears of every change of routes and nexthop objects.
 *
 * There is one on most hosts, and the kernel makes and copies each notification in the
 * system call of whoever changes something. It reads and forgets.
 */
#ifndef TOOLS_BENCH_LISTEN_H
#define TOOLS_BENCH_LISTEN_H

/* Prints {"event": "listen"} when it hears, and ends with stdin. The exit code: 1 after an error. */
int bench_listen_run(void);

#endif
