/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vrf: is there a device of a VRF, and which table does it have?
 *
 * Asked by instance for neighbours with `vrf`, whenever something about such a device has
 * changed. It knows what the kernel's links tell, nothing of neighbours.
 */
#ifndef BGPD_VRF_H
#define BGPD_VRF_H

#include "fib/fib.h"

#include <stddef.h>
#include <stdint.h>

#define VRF_WHY_MAX 256

struct vrf_device {
	uint32_t ifindex;      /* 0: there is none that could be used */
	uint32_t table;        /* ≠ 0 where ifindex is */
	char why[VRF_WHY_MAX]; /* it cannot be used, and what to do; "": it can */
};

/*
 * The VRF called name. link: the kernel's link of that name, NULL: there is none. kernel: links are told at
 * all. Where there is none the kernel is asked whether it could have one.
 */
void vrf_look(const char *name, const struct fib_link *link, bool kernel, struct vrf_device *out);
/* Can this kernel have VRFs? It may load a module for the answer, which comes at once. */
bool vrf_known(void);

#endif
