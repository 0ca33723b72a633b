/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_fib: both halves of fib over a kernel that is made up (fakekernel.h), which refuses, loses and cuts, and which
 * others change, too.
 *
 * The netlink thread's own code is run by hand, in turn with the jobs of the main half; the time is the input's
 * (fibworld.h). An input is what there is before the start (two octets: nexthop objects, whose numbers; routes of an
 * earlier run), and a list of records, see records(). Then the kernel behaves, and after some rounds of the audit it
 * has exactly what is wanted, every reference is somebody's, and no drift is found any more. At the end it has nothing
 * of ours.
 */
#include "tests/fuzz/fibworld.h"
#include "tests/fuzz/fuzz.h"

#define CALM_NS        300000000000u /* so long the kernel behaves */
#define OTHER_PROTOCOL 187

static struct rbuf faults;
static bool was_silent;
static struct fib_config asked; /* settings: these, or soon */

static uint8_t
next_fault(enum kernel_place place, enum kernel_socket socket)
{
	(void)place, (void)socket;
	return faults.p != NULL && rbuf_left(&faults) > 0 ? rbuf_u8(&faults) : 0;
}

static const struct fib_callbacks callbacks = {.prefix_of = prefix_of, .id_of = id_of, .unpinned = on_unpinned};

/* ---- records ---- */

/* Of somebody else, or as one of ours would be. */
static struct kernel_route
other_route(uint8_t id, uint8_t how)
{
	struct kernel_route r;

	memset(&r, 0, sizeof(r));
	r.used = true;
	r.family = id & 128 ? FAMILY_IPV6 : FAMILY_IPV4;
	r.plen = 24;
	r.protocol = how & 1 ? asked.protocol : 4;
	memcpy(r.dst, (uint8_t[]){10, 0, id % (HERE_IDS + 2)}, 3);
	r.table = how & 2 ? 100 : 254;
	r.metric = how & 4 ? 30 : 20;
	r.type = how & 8 ? RTN_BLACKHOLE : RTN_UNICAST;
	if (how & 8)
		return r;
	r.count = 1 + (how >> 4) % 2;
	for (unsigned i = 0; i < r.count; i++)
		r.hop[i] = kernel_hop_over(1 + (how / 32u + i) % KERNEL_LINKS, 7);
	return r;
}

static bool
is_ours(uint8_t protocol)
{
	return protocol == HERE_PROTOCOL || protocol == OTHER_PROTOCOL;
}

static void
other_object(uint8_t which, uint8_t how)
{
	struct kernel_object *o = &kernel.object[which % KERNEL_OBJECTS], n;

	if (!kernel.has_objects)
		return;
	if (how & 1) {
		if (o->id != 0)
			kernel_object_delete(o);
		return;
	}
	memset(&n, 0, sizeof(n));
	n.id = o->id != 0 ? o->id : how & 2 ? nhobj_range_of(&asked).first + which % 16u : 100u + which;
	/* What is ours stays so: nobody makes it his, but has another one in it. */
	n.protocol = o->id != 0 && is_ours(o->protocol) ? o->protocol : how & 4 ? asked.protocol : 4;
	n.count = 1;
	n.hop[0] = kernel_hop_over(1 + how / 8u % KERNEL_LINKS, how / 32);
	kernel_object_put(&n);
}

static void
settings(uint8_t what)
{
	if (what & 1) {
		asked.table = what & 8 ? 100 : 254;
		asked.metric = what & 16 ? 30 : 20;
		asked.learn = (what & 32) != 0;
		asked.nexthop_objects = (what & 64) != 0;
	} else if (what & 128) {
		asked.protocol = asked.protocol == HERE_PROTOCOL ? OTHER_PROTOCOL : HERE_PROTOCOL;
	}
	if (what & (1 | 128))
		fib_reconfigure(fib, &asked);
	if (what & 2)
		fib_sweep(fib);
	if (what & 4)
		fib_paths_going(fib);
}

static void
delete_route(uint8_t which)
{
	for (unsigned i = 0; i < KERNEL_ROUTES; i++) {
		struct kernel_route *r = &kernel.route[(which + i) % KERNEL_ROUTES];
		if (r->used) {
			kernel_delete(r);
			return;
		}
	}
}

static void
records(struct rbuf in)
{
	while (rbuf_left(&in) > 0 && !in.err) {
		uint8_t kind = rbuf_u8(&in), a = rbuf_u8(&in), b = 0;
		struct kernel_route other;
		switch (kind % 16) {
		case 0:
		case 1:
		case 2:
			b = rbuf_u8(&in);
			here_want(a, b);
			break;
		case 3:
			fib_route_del(fib, a & 128 ? FAMILY_IPV6 : FAMILY_IPV4, a % HERE_IDS);
			break;
		case 4:
			pump(1 + a % 16);
			break;
		case 5:
			main_jobs(1 + (uint64_t)(a % 16) * LOOK_NS);
			break;
		case 6:
			quiet();
			for (unsigned i = 0; i < 1 + a % 8u && fire(now_ns + 100000000000u); i++)
				quiet();
			break;
		case 7:
			now_ns += (uint64_t)a * a * 10000000u;
			break;
		case 8:
			b = a % 32 < rbuf_left(&in) ? a % 32 : (uint8_t)rbuf_left(&in);
			if (b > 0)
				faults = rbuf_of(rbuf_bytes(&in, b), b);
			break;
		case 9:
			kernel_link_set(1 + a % KERNEL_LINKS, (a & 64) != 0, (a & 128) != 0);
			break;
		case 10:
			kernel_address_set(1 + a % KERNEL_LINKS, (a & 64) != 0);
			break;
		case 11:
			b = rbuf_u8(&in);
			other = other_route(a, b);
			kernel_put(&other);
			break;
		case 12:
			delete_route(a);
			break;
		case 13:
			b = rbuf_u8(&in);
			other_object(a, b);
			break;
		case 14:
			settings(a);
			break;
		case 15:
			kernel.silent = (a & 1) != 0;
			was_silent |= kernel.silent;
			break;
		}
	}
}

/* ---- what must hold ---- */

static bool
same_hop(const struct fib_nh *w, const struct kernel_hop *h, bool weight)
{
	return w->ifindex == h->ifindex && (!weight || w->weight == h->weight) && w->via.family == h->via_family &&
	       memcmp(w->via.bytes, h->via, 16) == 0;
}

static bool
has_all(const struct nhset *n, const struct kernel_hop *hop, unsigned count)
{
	for (unsigned i = 0; i < n->count; i++) {
		unsigned k = 0;
		while (k < count && !same_hop(&n->nh[i], &hop[k], n->count > 1))
			k++;
		if (k == count)
			return false;
	}
	return n->count == count;
}

/* The object has the next hops whose links can carry, and no others. */
static bool
object_right(const struct nhset *n, const struct kernel_object *o)
{
	unsigned live = 0;

	if (o == NULL || o->protocol != fib->env.conf.protocol)
		return false;
	if (n->count == 1)
		return !o->group && o->count == 1 && same_hop(&n->nh[0], &o->hop[0], false);
	for (unsigned i = 0; i < n->count; i++) {
		const struct kernel_object *m =
		    n->member != NULL ? kernel_object(nhset_member(&fib->nhsets, n, i)->nhid) : NULL;
		bool carries = kernel_is_up(n->nh[i].ifindex, true), in = false;
		for (unsigned k = 0; k < o->count; k++)
			in |= m != NULL && o->hop[k].ifindex == m->id && o->hop[k].weight == n->nh[i].weight;
		if (in != carries || (in && !same_hop(&n->nh[i], &m->hop[0], false)))
			return false;
		live += in;
	}
	return o->group && o->count == live;
}

static bool
may_be_refused(const struct nhset *n, bool object)
{
	unsigned up = 0;

	for (unsigned i = 0; i < n->count; i++)
		up += kernel_is_up(n->nh[i].ifindex, object);
	return n->count > 0 && (object ? up == 0 : up < n->count);
}

static void
must(bool ok, const char *what, enum family f, uint32_t id, int error)
{
	if (ok)
		return;
	fprintf(stderr, "route %u of family %u, error %d: %s\n", id, (unsigned)f, error, what);
	show();
	abort();
}

static void
check_route(enum family f, uint32_t id)
{
	struct ip_prefix p = prefix_of(NULL, f, id);
	const struct fib_config *conf = &fib->env.conf;
	uint32_t set, metric;
	int error;
	enum fib_state state = fib_route_get(fib, f, id, &set, &metric, &error);
	const struct kernel_route *r = kernel_find(f, p.bytes, p.len, conf->table, metric);
	bool ours = r != NULL && r->protocol == conf->protocol;

	if (state == FIB_ABSENT) {
		must(!ours, "is not wanted and there", f, id, error);
		return;
	}
	const struct nhset *n = nhset_at(&fib->nhsets, set);
	bool object = fib_object_wanted(fib, n) && n->nhid != 0;
	if (state == FIB_FAILED) {
		must(error != 0 && !ours, "is there and said to have failed", f, id, error);
		must(r != NULL || may_be_refused(n, fib_object_wanted(fib, n)), "has no reason to fail", f, id, error);
		return;
	}
	must(state == FIB_INSTALLED && ours, "is not there", f, id, error);
	if (n->type != FIB_UNICAST)
		must(r->type == (n->type == FIB_BLACKHOLE ? RTN_BLACKHOLE : RTN_UNREACHABLE), "has another type", f, id,
		     error);
	else if (object)
		must(r->nhid == n->nhid && object_right(n, kernel_object(r->nhid)), "has another object", f, id, error);
	else
		must(r->nhid == 0 && has_all(n, r->hop, r->count), "has other next hops", f, id, error);
}

static bool
is_of(const struct kernel_route *r, const struct fib_config *conf)
{
	return r->used && r->protocol == conf->protocol && r->table == conf->table;
}

/* Nothing of ours is there but what is wanted. */
static void
check_kernel(void)
{
	for (unsigned i = 0; i < KERNEL_ROUTES; i++) {
		const struct kernel_route *r = &kernel.route[i];
		if (!is_of(r, &fib->env.conf))
			continue;
		struct ip_prefix p = {.family = r->family, .len = r->plen};
		memcpy(p.bytes, r->dst, 16);
		uint32_t id = id_of(NULL, &p), set, metric;
		int error;
		must(id != BITMAP_END &&
			 fib_route_get(fib, (enum family)r->family, id, &set, &metric, &error) == FIB_INSTALLED &&
			 metric == r->metric,
		     "has another one", (enum family)r->family, r->dst[2], (int)r->metric);
	}
	/* Where there are to be none, the audit does not look for them. */
	for (unsigned i = 0; (fib->objects || !was_silent) && i < KERNEL_OBJECTS; i++) {
		const struct kernel_object *o = &kernel.object[i];
		bool known = false;
		if (o->id == 0 || !nhobj_is_ours(&fib->nhobjs, o->id, o->protocol))
			continue;
		for (uint32_t id = 1; id < fib->nhsets.slab.top; id++)
			known |= nhset_at(&fib->nhsets, id)->refs > 0 && nhset_at(&fib->nhsets, id)->nhid == o->id;
		must(known, "nobody has this object", FAMILY_NONE, o->id, 0);
	}
}

/* Every reference to a set is somebody's. */
static void
check_references(void)
{
	const struct adopted_route *a;
	const struct foreign_route *r;
	const struct nhobj *e;
	uint32_t top = fib->nhsets.slab.top, cursor = 0;
	uint32_t *uses = xcalloc(top, sizeof(*uses)), *refs = xcalloc(top, sizeof(*refs));

	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		for (uint32_t id = 0; id < HERE_IDS; id++) {
			uses[table_nhset(&fib->table[f], id)]++;
			uses[idmap_get(&fib->table[f].held, id)]++;
		}
	while ((e = keyed_next(&fib->nhobjs.objects, &cursor)) != NULL)
		uses[e->held ? e->nhset : 0]++;
	for (uint32_t id = 1; id < top; id++) {
		const struct nhset *n = nhset_at(&fib->nhsets, id);
		for (unsigned i = 0; n->member != NULL && i < n->count; i++)
			uses[n->member[i]]++;
	}
	for (cursor = 0; (a = keyed_next(&fib->adopted.routes, &cursor)) != NULL;)
		refs[a->nhset]++;
	for (cursor = 0; (r = keyed_next(&fib->known.routes, &cursor)) != NULL;)
		refs[r->nhset]++;
	for (uint32_t id = 1; id < top; id++) {
		const struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->nh != NULL || n->type != FIB_UNICAST || n->refs > 0)
			ASSERT(n->uses == uses[id] && n->refs == uses[id] + refs[id]);
	}
	free(uses);
	free(refs);
}

static uint64_t
drift(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < FIB_DRIFT_COUNT; i++)
		sum += fib->audit.drift[i];
	return sum;
}

static void
check(void)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	ASSERT(fib->env.conf.table == asked.table && fib->env.conf.protocol == asked.protocol);
	ASSERT(fib_send_idle(fib) && fib_walk_idle(fib) && fib->objects_inflight == 0 && !fib->hold);
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		for (uint32_t id = 0; id < HERE_IDS; id++)
			check_route(f, id);
	check_kernel();
	check_references();
}

static void
begin(uint8_t what, uint8_t routes)
{
	asked = (struct fib_config){.table = 254,
				    .also = {200},
				    .protocol = HERE_PROTOCOL,
				    .metric = 20,
				    .learn = true,
				    .audit_s = 90,
				    .nexthop_objects = (what & 1) != 0,
				    .by_table = (what & 4) != 0};
	world_reset();
	kernel.fault = next_fault;
	kernel.has_objects = (what & 2) == 0;
	faults = (struct rbuf){0};
	was_silent = false;
	/* Of an earlier run, and of others. */
	for (unsigned i = 0; i < routes % 16u; i++) {
		struct kernel_route r = other_route((uint8_t)(i + routes), (uint8_t)(routes * (i + 1)));
		kernel_put(&r);
		other_object((uint8_t)(i * 5 + 1), (uint8_t)(routes + i * 8) & 0xfe);
	}
	ASSERT(fib_start_on(&world, &loop, &asked, &callbacks, NULL, &fib) == 0);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_set_level(LOG_ERROR);
	return loop_init(&loop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 2048)
		return -1;
	begin(data[0], data[1]);
	records(rbuf_of(data + 2, size - 2));
	faults = (struct rbuf){0};
	kernel.silent = false;
	fib_sweep(fib);
	world_run(CALM_NS);
	uint64_t had = drift();
	world_run(CALM_NS / 3);
	check();
	ASSERT(drift() == had);
	fib_stop(fib, false, 100000);
	for (unsigned i = 0; i < KERNEL_ROUTES; i++)
		ASSERT(!is_of(&kernel.route[i], &asked));
	kernel_reset();
	return 0;
}
