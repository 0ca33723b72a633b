/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_watch: fib's reports, as kernel.c registers them. ctx is the struct kernel.
 */
#ifndef BGPD_KERNEL_WATCH_H
#define BGPD_KERNEL_WATCH_H

#include "fib/fib.h"
#include "rib/attr.h"

struct bgpd;
struct kernel;

void kernel_watch_link(void *ctx, const struct fib_link *link);
void kernel_watch_address(void *ctx, const struct fib_address *address);
void kernel_watch_foreign(void *ctx, const struct fib_foreign *r);
/* Nothing of it is so any more for its table, which is going to have another kernel: that one tells everything anew. */
void kernel_watch_forget(struct kernel *k);
/* kernel.connected or kernel.learn has changed: connected and learned routes come and go. */
void kernel_watch_rescan(struct kernel *k);
/* The set of a route of the kernel's with this priority, before kernel.learn: a reference. */
attr_id kernel_watch_attr(struct bgpd *d, uint32_t metric);
/* The job that rescanning leaves learned routes to. */
enum job_result kernel_watch_learn(struct job *job, uint64_t deadline_ns);

#endif
