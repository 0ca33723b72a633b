/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_flow: numbered packets through the daemon's host, counted where they come out.
 *
 * Runs in the namespace of the sender. The receiving ends are two interfaces of another
 * namespace, where every packet that arrives is seen, whoever it is for; it also takes
 * these interfaces down and up, so that the clock starts with the change itself.
 * Reads one command a line from stdin, answers with one line of JSON, as bench_run:
 *
 *   to       routes=N seed=N as=N [mrt=FILE]   packets to addresses under so many routes of the table
 *   begin    [dead=DEV]                        counting; what arrives at DEV is lost
 *   end                                        what came of it, once stragglers have had their time
 *   link     dev=DEV up|down                   and the time at which that was done
 */
#ifndef TOOLS_BENCH_FLOW_H
#define TOOLS_BENCH_FLOW_H

/*
 * receiver: path of the other namespace; devs: its interfaces, BENCH_WAYS of them; rate: packets a second,
 * a multiple of 1000. Until stdin ends. The exit code: 1 after an error.
 */
int bench_flow_run(const char *receiver, char *const *devs, unsigned rate);

#endif
