/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest: what the policies of a bgpd.yaml do, without running it.
 *
 * Either tests of single routes from a YAML file, or all routes of an MRT dump
 * through two configurations, of which the differences are printed. Exit status: 0
 * passed, or the same; 1 failed, or different; 64 usage; 78 a bad file.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mem_libs.h"
#include "lib/version.h"
#include "tools/policytest.h"

static void
usage(FILE *out)
{
	fputs("usage: policytest [-j] CONFIG TESTS...\n"
	      "       policytest [-jq] -m FILE [-f NEIGHBOR] [-t NEIGHBOR] OLD-CONFIG NEW-CONFIG\n"
	      "\n"
	      "  -m, --mrt FILE       compare what two configurations do with the routes of this dump\n"
	      "  -f, --from NEIGHBOR  take all routes as if this neighbor had sent them (default: the neighbor\n"
	      "                       that has the address in the dump)\n"
	      "  -t, --to NEIGHBOR    and then compare what this neighbor would be sent\n"
	      "  -q, --quiet          print the summary alone\n"
	      "  -j, --json           print a JSON object a line\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           this text\n"
	      "\n"
	      "Exit status: 0 all passed, or nothing differs; 1 failures or differences; 64 usage;\n"
	      "78 a bad configuration, file of tests or dump. See policytest(1).\n",
	      out);
}

struct options {
	const char *mrt, *from, *to;
	bool quiet, json;
};

static int
bad_file(struct conf_errors *errs)
{
	struct str text = {0};

	conf_errors_print(errs, &text);
	fputs(str_get(&text), stderr);
	str_free(&text);
	conf_errors_free(errs);
	return EX_CONFIG;
}

static void
put_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* ---- tests ---- */

static int
run_tests(const struct options *opt, const char *config, char **files, int n)
{
	struct conf_errors errs = {0};
	struct test_counts counts = {0};
	struct world *w = world_open(config, &errs);
	struct str out = {0};

	if (w == NULL)
		return bad_file(&errs);
	conf_errors_free(&errs);
	bool good = true;
	for (int i = 0; i < n && good; i++) {
		errs = (struct conf_errors){0};
		good = tests_run(w, files[i], &counts, &out, &errs);
		if (good)
			conf_errors_free(&errs);
	}
	world_close(w);
	if (!good) {
		str_free(&out);
		return bad_file(&errs);
	}
	if (opt->json) {
		put_json(json_pack("{s:i,s:i,s:s}", "passed", (int)counts.passed, "failed", (int)counts.failed, "failures",
				   str_get(&out)));
	} else {
		fputs(str_get(&out), stdout);
		printf("%u passed, %u failed\n", counts.passed, counts.failed);
	}
	str_free(&out);
	return counts.failed > 0 ? 1 : 0;
}

/* ---- two configurations ---- */

struct side {
	struct world *w;
	struct peer *from, *to; /* from NULL: by the address in the dump */
};

struct comparison {
	const struct options *opt;
	struct side old, new;
	uint64_t same, accepted, rejected, rerouted, changed, nobody;
};

/* What a configuration makes of a route, from a neighbour and, if asked for, on to another. */
static bool
side_judge(struct side *s, const struct mrt_route *m, struct verdict *v)
{
	struct peer *from = s->from != NULL ? s->from : world_peer_at(s->w, &m->peer);
	uint32_t nexthop;

	if (from == NULL)
		return false;
	nexthop = world_nexthop(s->w, &m->next_hop, m->link_local.family != FAMILY_NONE ? &m->link_local : NULL);
	struct route r = {.prefix = m->prefix, .from = from};
	r.attr = attr_intern(world_attrs(s->w), nexthop, NULL, m->attrs, m->attrs_len);
	world_nexthop_unref(s->w, nexthop);
	world_judge(s->w, PLACE_IMPORT, from, &r, v);
	if (v->accepted && s->to != NULL) {
		struct route in = {.prefix = m->prefix, .from = from, .attr = v->attr};
		struct verdict out;
		world_judge(s->w, PLACE_EXPORT, s->to, &in, &out);
		verdict_fini(s->w, v);
		*v = out;
	}
	attr_unref(world_attrs(s->w), r.attr);
	return true;
}

/* Adds what differs between the attributes: "med 10 -> none; communities …". changes (NULL: none wanted) likewise. */
static void
attrs_compare(const struct comparison *c, const struct verdict *a, const struct verdict *b, struct str *out,
	      json_t *changes)
{
	struct str x = {0}, y = {0};

	for (enum facet f = 0; f < FACET_COUNT; f++) {
		str_reset(&x);
		str_reset(&y);
		facet_text(c->old.w, a->attr, f, &x);
		facet_text(c->new.w, b->attr, f, &y);
		if (strcmp(str_get(&x), str_get(&y)) == 0)
			continue;
		str_addf(out, "%s%s %s -> %s", out->len > 0 ? "; " : "", facet_names[f], x.len > 0 ? x.s : "none",
			 y.len > 0 ? y.s : "none");
		json_object_set_new(changes, facet_names[f], json_pack("[s,s]", str_get(&x), str_get(&y)));
	}
	str_free(&x);
	str_free(&y);
}

static void
print_difference(const struct comparison *c, const struct mrt_route *m, const struct verdict *a,
		 const struct verdict *b, const struct str *changes, json_t *changed)
{
	char prefix[IP_PREFIX_STRLEN], peer[IP_ADDR_STRLEN];
	struct str x = {0}, y = {0};

	if (c->opt->quiet)
		return;
	ip_prefix_str(&m->prefix, prefix, sizeof(prefix));
	ip_addr_str(&m->peer, peer, sizeof(peer));
	verdict_text(a, &x);
	verdict_text(b, &y);
	if (c->opt->json)
		put_json(json_pack("{s:s,s:s,s:s,s:s,s:O}", "prefix", prefix, "peer", peer, "old", str_get(&x), "new",
				   str_get(&y), "changed", changed));
	else if (changes->len > 0)
		printf("%s from %s: %s\n", prefix, peer, str_get(changes));
	else
		printf("%s from %s: %s -> %s\n", prefix, peer, str_get(&x), str_get(&y));
	str_free(&x);
	str_free(&y);
}

static void
compare(struct comparison *c, const struct mrt_route *m, const struct verdict *a, const struct verdict *b)
{
	struct str changes = {0};
	json_t *changed = json_object();
	bool differs = true;

	if (a->accepted && b->accepted)
		attrs_compare(c, a, b, &changes, changed);
	if (a->accepted != b->accepted)
		*(b->accepted ? &c->accepted : &c->rejected) += 1;
	else if (changes.len > 0)
		c->changed++;
	else if (!a->accepted && strcmp(a->reason, b->reason) != 0)
		c->rerouted++;
	else
		differs = false;
	if (differs)
		print_difference(c, m, a, b, &changes, changed);
	else
		c->same++;
	json_decref(changed);
	str_free(&changes);
}

static void
on_route(void *ctx, const struct mrt_route *m)
{
	struct comparison *c = ctx;
	struct verdict a = {0}, b = {0};
	bool in_old = side_judge(&c->old, m, &a), in_new = side_judge(&c->new, m, &b);

	if (!in_old)
		a.reason = "no such neighbor";
	if (!in_new)
		b.reason = "no such neighbor";
	if (in_old || in_new)
		compare(c, m, &a, &b);
	else
		c->nobody++;
	verdict_fini(c->old.w, &a);
	verdict_fini(c->new.w, &b);
}

static int
report(const struct comparison *c, const struct mrt_stats *st)
{
	uint64_t differences = c->accepted + c->rejected + c->changed + c->rerouted;

	if (c->opt->json)
		put_json(json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "routes", (json_int_t)st->routes, "same",
				   (json_int_t)c->same, "now_accepted", (json_int_t)c->accepted, "now_rejected",
				   (json_int_t)c->rejected, "changed", (json_int_t)c->changed, "other_reason",
				   (json_int_t)c->rerouted, "no_neighbor", (json_int_t)c->nobody, "malformed",
				   (json_int_t)st->bad));
	else
		printf("%llu routes: %llu the same, %llu now accepted, %llu now rejected, %llu with other attributes, "
		       "%llu rejected for another reason, %llu of no neighbor; %llu malformed\n",
		       (unsigned long long)st->routes, (unsigned long long)c->same, (unsigned long long)c->accepted,
		       (unsigned long long)c->rejected, (unsigned long long)c->changed,
		       (unsigned long long)c->rerouted, (unsigned long long)c->nobody, (unsigned long long)st->bad);
	return differences > 0 ? 1 : 0;
}

/* Opens a configuration and finds the neighbours that were named. 0 or the exit status, which is told. */
static int
side_open(const struct options *opt, const char *config, struct side *s)
{
	struct conf_errors errs = {0};
	const char *missing = NULL;

	s->w = world_open(config, &errs);
	if (s->w == NULL)
		return bad_file(&errs);
	conf_errors_free(&errs);
	if (opt->from != NULL && (s->from = world_peer(s->w, opt->from)) == NULL)
		missing = opt->from;
	if (opt->to != NULL && (s->to = world_peer(s->w, opt->to)) == NULL)
		missing = opt->to;
	if (missing == NULL)
		return 0;
	fprintf(stderr, "policytest: %s: there is no neighbor '%s' with an address\n", config, missing);
	return EX_CONFIG;
}

static int
run_dump(const struct options *opt, const char *old, const char *new)
{
	struct comparison c = {.opt = opt};
	struct mrt_stats st = {0};
	int status = side_open(opt, old, &c.old);

	if (status == 0)
		status = side_open(opt, new, &c.new);
	if (status == 0) {
		int rc = mrt_read(opt->mrt, on_route, &c, &st);
		if (rc == 0 && st.routes > c.nobody) {
			status = report(&c, &st);
		} else {
			fprintf(stderr, "policytest: %s: %s\n", opt->mrt,
				rc == 0 && c.nobody > 0 ? "its peers are no neighbors; name one with --from"
				    : rc == 0		? "there are no routes in it"
				    : rc == -EINVAL ? "this is no MRT dump"
							: strerror(-rc));
			status = EX_CONFIG;
		}
	}
	world_close(c.old.w);
	world_close(c.new.w);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"mrt", required_argument, NULL, 'm'},  {"from", required_argument, NULL, 'f'},
	    {"to", required_argument, NULL, 't'},   {"quiet", no_argument, NULL, 'q'},
	    {"json", no_argument, NULL, 'j'},       {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
	struct options opt = {0};
	int ch;

	mem_libs_init();
	while ((ch = getopt_long(argc, argv, "m:f:t:qjVh", long_options, NULL)) != -1) {
		switch (ch) {
		case 'm':
			opt.mrt = optarg;
			break;
		case 'f':
			opt.from = optarg;
			break;
		case 't':
			opt.to = optarg;
			break;
		case 'q':
			opt.quiet = true;
			break;
		case 'j':
			opt.json = true;
			break;
		case 'V':
			puts("policytest (godwit) " PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	bool dump = opt.mrt != NULL;
	if (dump ? argc != 2 : argc < 2 || opt.from != NULL || opt.to != NULL) {
		usage(stderr);
		return EX_USAGE;
	}
	log_set_level(LOG_ERROR);
	return dump ? run_dump(&opt, argv[0], argv[1]) : run_tests(&opt, argv[0], argv + 1, argc - 1);
}
