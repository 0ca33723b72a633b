/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_links: what there is in the kernel beside the daemon's routes, and who has been told of it.
 *
 * Three links with a subnet of each family are in no VRF; three others, with the same addresses, are in one, where
 * there is a device of it. Each of the kernel's tables has a foreign route of each family, which comes and goes, all of
 * them with the same prefix; the one beside the main table has it only while it is a VRF's. Whatever changes is told by
 * its difference to what was told before, and where another table is watched what was in the former one goes first.
 */
#include "tests/model/speaker_model.h"

#include "lib/mem.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define PORT_FIRST   11u /* ifindex of the first link in the VRF */
#define DEVICE_FIRST 70u
#define DEVICES      4u  /* numbers that the VRF's device has in turn */

static const uint32_t kernel_numbers[NKERNEL] = {
    [KERNEL_MAIN] = RT_TABLE_MAIN, [KERNEL_FIRST] = 100, [KERNEL_SECOND] = 101, [KERNEL_BESIDE] = 300};

uint32_t
kernel_number(unsigned kernel)
{
	return kernel_numbers[kernel];
}

unsigned
kernel_of_number(uint32_t number)
{
	unsigned k = 0;

	while (k < NKERNEL && kernel_numbers[k] != number)
		k++;
	return k;
}

uint32_t
links_ifindex(unsigned domain, unsigned link)
{
	return domain == DOMAIN_MAIN ? link + 1 : PORT_FIRST + link;
}

void
links_new(void)
{
	for (unsigned k = 0; k < NDOMAIN * NLINK; k++)
		the_model->link_up[k / NLINK][k % NLINK] = true;
	the_model->device = (struct mdevice){
	    .there = the_model->several, .up = true, .kernel = KERNEL_FIRST, .ifindex = DEVICE_FIRST};
}

/* The link as it is; ifindex 0: there is none. */
static struct fib_link
link_now(unsigned i)
{
	const struct mdevice *d = &the_model->device;
	unsigned domain = i / NLINK, link = i % NLINK;
	struct fib_link l;

	memset(&l, 0, sizeof l);
	if (domain != DOMAIN_MAIN && !d->there)
		return l;
	if (domain < NDOMAIN) {
		l.ifindex = links_ifindex(domain, link);
		l.up = the_model->link_up[domain][link];
		l.vrf = domain == DOMAIN_VRF ? d->ifindex : 0;
		snprintf(l.name, sizeof l.name, "%s%u", domain == DOMAIN_VRF ? VRF_NAME : "eth", link);
		return l;
	}
	l.ifindex = l.vrf = d->ifindex;
	l.vrf_table = kernel_numbers[d->kernel];
	l.up = d->up;
	l.flags = d->up ? IFF_UP : 0;
	snprintf(l.name, sizeof l.name, VRF_NAME);
	return l;
}

static void
tell_addresses(const struct links_to *to, unsigned i)
{
	struct fib_address a = {.ifindex = links_ifindex(i / NLINK, i % NLINK)};
	unsigned net = 1 + i % NLINK;

	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		a.addr = model_address(f, 10 << 16 | net, net, 1);
		a.subnet = ip_prefix_from_addr(&a.addr, f == FAMILY_IPV4 ? 24 : 64);
		to->cb->address(to->ctx, &a);
	}
}

/* One that has another number now is another one. */
static bool
tell_link(struct links_to *to, unsigned i)
{
	struct fib_link now = link_now(i), *told = &to->told.link[i];
	bool new = told->ifindex == 0;

	if (memcmp(&now, told, sizeof now) == 0)
		return false;
	if (!new && now.ifindex != told->ifindex) {
		struct fib_link gone = *told;
		gone.deleted = true;
		gone.up = false;
		to->cb->link(to->ctx, &gone);
		memset(told, 0, sizeof *told);
		return true;
	}
	*told = now;
	to->cb->link(to->ctx, &now);
	if (new && i < NDOMAIN * NLINK)
		tell_addresses(to, i);
	return true;
}

/* The foreign route as it is for him. */
static struct mforeign
foreign_now(const struct links_to *to, unsigned kernel, unsigned f)
{
	if (to->alone ? kernel == to->kernel : kernel == KERNEL_MAIN)
		return the_model->foreign[kernel][f];
	return (struct mforeign){0};
}

static bool
is_same(const struct mforeign *a, const struct mforeign *b)
{
	return a->there == b->there && (!a->there || (a->unreachable == b->unreachable && a->metric == b->metric));
}

static void
tell_route(const struct links_to *to, unsigned kernel, unsigned f, const struct mforeign *r, bool deleted)
{
	unsigned domain = kernel == KERNEL_MAIN ? DOMAIN_MAIN : DOMAIN_VRF;
	struct fib_nh nh = {.ifindex = links_ifindex(domain, 1), .weight = 1};
	struct fib_foreign o = {.table = kernel_numbers[kernel],
	    .metric = r->metric,
	    .protocol = RTPROT_STATIC,
	    .type = r->unreachable ? FIB_UNREACHABLE : FIB_UNICAST,
	    .deleted = deleted,
	    .nh_count = r->unreachable ? 0 : 1,
	    .nh = &nh};

	nh.via = model_address(f, 10 << 16 | 2, 2, 254);
	CHECK(ip_prefix_parse(f == FAMILY_IPV4 ? "192.168.9.0/24" : "2001:db8:909::/48", &o.prefix) == 0);
	to->cb->foreign(to->ctx, &o);
}

/* One with another metric is another one, and with the same the next takes its place. */
static bool
tell_foreign(struct links_to *to, unsigned kernel, unsigned f)
{
	struct mforeign now = foreign_now(to, kernel, f), *told = &to->told.foreign[kernel][f], was = *told;

	if (is_same(&now, told))
		return false;
	*told = now;
	if (now.there)
		tell_route(to, kernel, f, &now, false);
	if (was.there && (!now.there || was.metric != now.metric))
		tell_route(to, kernel, f, &was, true);
	return true;
}

/* Of the routes those that are gone first. */
static bool
tell_any_foreign(struct links_to *to)
{
	for (unsigned there = 0; there < 2; there++)
		for (unsigned k = 0; k < NKERNEL * 2; k++) {
			enum family f = FAMILY_IPV4 + k % 2;
			bool is_there = foreign_now(to, k / 2, f).there;
			if (is_there == there && tell_foreign(to, k / 2, f))
				return true;
		}
	return false;
}

bool
links_tell(struct links_to *to)
{
	unsigned first = the_model->several ? rnd(NLINKS_ALL) : 0;

	for (unsigned i = 0; i < NLINKS_ALL; i++)
		if (tell_link(to, (first + i) % NLINKS_ALL))
			return true;
	return tell_any_foreign(to);
}

bool
links_is_told(const struct links_to *to)
{
	for (unsigned i = 0; i < NLINKS_ALL; i++) {
		struct fib_link now = link_now(i);
		if (memcmp(&now, &to->told.link[i], sizeof now) != 0)
			return false;
	}
	for (unsigned k = 0; k < NKERNEL; k++)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
			struct mforeign now = foreign_now(to, k, f);
			if (!is_same(&now, &to->told.foreign[k][f]))
				return false;
		}
	return true;
}

/* Somebody is told now, others later; where there is one table everybody is. */
static void
changed(void)
{
	if (!the_model->several)
		fib_tell_all();
}

void
links_change(unsigned domain, unsigned link)
{
	the_model->link_up[domain][link] = !the_model->link_up[domain][link];
	changed();
}

void
links_foreign_change(unsigned kernel, unsigned f)
{
	struct mforeign *r = &the_model->foreign[kernel][f];

	r->there = rnd(3) != 0;
	r->unreachable = rnd(4) == 0;
	r->metric = rnd(3) * 10;
	changed();
}

/* It goes down or up, gets another table, goes, or comes; with another number it may seem to be another one at once. */
void
links_device_change(void)
{
	struct mdevice *d = &the_model->device;
	bool was_there = d->there;

	switch (rnd(4)) {
	case 0:
		d->up = !d->up;
		break;
	case 1:
		d->there = !d->there;
		break;
	case 2:
		d->ifindex = DEVICE_FIRST + (d->ifindex + 1 - DEVICE_FIRST) % DEVICES;
		break;
	default:
		d->kernel = (uint8_t)(rnd(6) == 0 ? KERNEL_MAIN : KERNEL_FIRST + rnd(NKERNEL - KERNEL_FIRST));
		break;
	}
	/* Mostly there is one that can be used. */
	if (rnd(3) != 0)
		d->there = d->up = true;
	the_model->seen_device_gone += was_there && !d->there;
	changed();
}
