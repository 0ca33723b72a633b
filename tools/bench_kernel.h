/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernel: watches and measures routes in the kernel of the daemon's namespace.
 *
 * Reads one command a line from stdin, answers with one line of JSON, as bench_run:
 *
 *   table    routes=N seed=N as=N [mrt=FILE]
 *   wait     present|absent gateway=ADDR [and=ADDR] [from=ADDR] [timeout=N]
 *            until all routes are in and lead to these gateways alone, or all are gone; from: the
 *            source address of packets over the only link that is right
 *   floor    gateway=ADDR dev=NAME [object]              the bare program: seconds in and out
 *
 * While a daemon works its routes are not dumped, which would hold it up: a thousand
 * of them are looked up, as a packet would be, and when the last is there (or gone)
 * a dump says whether all are.
 */
#ifndef TOOLS_BENCH_KERNEL_H
#define TOOLS_BENCH_KERNEL_H

/* Until stdin ends. The exit code: 1 after an error. */
int bench_kernel_run(void);

#endif
