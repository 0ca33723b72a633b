/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/etcd_store and conf/etcd_message: which resource a key is, what is told of lists and changes,
 * messages. */
#include <string.h>

#include "conf/etcd.h"
#include "lib/base64.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

static struct etcd_store *store;
static struct str told; /* what was told since it was looked at last */

static void
on_put(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	(void)ctx;
	str_addf(&told, "put %s %s %s %s\n", kind, name_space != NULL ? name_space : "-", name, text);
	free(text);
}

static void
on_del(void *ctx, const char *kind, const char *name_space, const char *name)
{
	(void)ctx;
	str_addf(&told, "del %s %s %s\n", kind, name_space != NULL ? name_space : "-", name);
}

static void
on_synced(void *ctx)
{
	(void)ctx;
}

static void
on_trouble(void *ctx, const char *what, const char *text)
{
	(void)ctx;
	str_addf(&told, "trouble %s: %s\n", what, text != NULL ? text : "over");
}

static const struct source_handler handler = {.put = on_put, .del = on_del, .synced = on_synced, .trouble = on_trouble};

static void
begin(const char *prefix, const char *node)
{
	if (store != NULL)
		etcd_store_free(store);
	store = etcd_store_new(prefix, node, &handler, NULL);
}

static void
end(void)
{
	etcd_store_free(store);
	str_free(&told);
}

static json_t *
kv_of(const char *key, size_t keylen, const char *value, size_t len)
{
	struct str k = {0}, v = {0};
	json_t *kv;

	base64_encode(&k, key, keylen);
	base64_encode(&v, value, len);
	kv = json_pack("{s:s, s:s}", "key", str_get(&k), "value", str_get(&v));
	str_free(&k);
	str_free(&v);
	return kv;
}

static void
put(const char *key, const char *value)
{
	json_t *kv = kv_of(key, strlen(key), value, strlen(value));

	etcd_store_put(store, kv);
	json_decref(kv);
}

static void
del(const char *key)
{
	json_t *kv = kv_of(key, strlen(key), "", 0);

	etcd_store_del(store, kv);
	json_decref(kv);
}

static void
tells(const char *what)
{
	ck_assert_str_eq(str_get(&told), what);
	str_reset(&told);
}

#define R "/calico/resources/v3/projectcalico.org/"

START_TEST(test_calico)
{
	begin("/calico", "n1");
	put(R "nodes/n1", "{\"spec\": {}}");
	tells("put Node - n1 {\"spec\":{}}\n");
	ck_assert(etcd_store_changed(store));
	ck_assert(!etcd_store_changed(store));
	put(R "bgppeers/a", "{}");
	put(R "bgpconfigurations/node.n1", "{}");
	put(R "bgpfilters/f", "{}");
	put(R "ippools/p", "{}");
	put(R "services/default/s", "{}");
	put(R "endpointslices/default/s-1", "{}");
	put(R "secrets/kube-system/pw", "{}");
	tells(
	    "put BGPPeer - a {}\nput BGPConfiguration - node.n1 {}\nput BGPFilter - f {}\nput IPPool - p {}\n"
	    "put Service default s {}\nput EndpointSlice default s-1 {}\nput Secret kube-system pw {}\n");
	ck_assert_uint_eq(etcd_store_count(store), 8);
	/* Others of Calico's, and what only looks like one. */
	put(R "workloadendpoints/default/w", "{}");
	put(R "nodes/", "{}");
	put(R "nodes", "{}");
	put(R "nodes/a/b", "{}");
	put(R "services/s", "{}");
	put("/calico/v1/ipam/v4/pool/10.0.0.0-8", "{}");
	put("/calicox/resources/v3/projectcalico.org/nodes/n1", "{}");
	tells("");
	ck_assert_uint_eq(etcd_store_count(store), 8);
	del(R "services/default/s");
	del(R "services/default/none");
	tells("del Service default s\n");
	end();
}
END_TEST

START_TEST(test_blocks)
{
	begin("/calico/", "n1");
	put("/calico/ipam/v2/host/n1/ipv4/block/10.65.1.0-26",
	    "{\"state\": \"confirmed\", \"deleted\": false}");
	tells("put BlockAffinity - 10.65.1.0/26 "
	      "{\"kind\":\"BlockAffinity\",\"metadata\":{\"name\":\"10.65.1.0/26\"},"
	      "\"spec\":{\"cidr\":\"10.65.1.0/"
	      "26\",\"deleted\":false,\"node\":\"n1\",\"state\":\"confirmed\"}}\n");
	put("/calico/ipam/v2/host/n1/ipv6/block/2001:db8::-122", "");
	tells("put BlockAffinity - 2001:db8::/122 "
	      "{\"kind\":\"BlockAffinity\",\"metadata\":{\"name\":\"2001:db8::/122\"},"
	      "\"spec\":{\"cidr\":\"2001:db8::/122\",\"node\":\"n1\"}}\n");
	put("/calico/ipam/v2/host/n10/ipv4/block/10.65.2.0-26", "{}");
	put("/calico/ipam/v2/host/n1/ipv4/block/10.65.3.0", "{}");
	put("/calico/ipam/v2/host/n1/ipv5/block/10.65.3.0-26", "{}");
	tells("");
	del("/calico/ipam/v2/host/n1/ipv6/block/2001:db8::-122");
	tells("del BlockAffinity - 2001:db8::/122\n");
	end();
}
END_TEST

START_TEST(test_any)
{
	begin("/racks", NULL);
	put("/racks/r1/as", "64512");
	put("/racks/r1/empty", "");
	tells("put  - r1/as \"64512\"\nput  - r1/empty \"\"\n");
	put("/racks/", "x");
	put("/racks//a", "x");
	put("/racks/a//b", "x");
	put("/racks/a/", "x");
	put("/racksy/a", "x");
	tells("");
	del("/racks/r1/as");
	tells("del  - r1/as\n");
	/* No prefix is everything below the root. */
	begin("/", NULL);
	put("/a", "1");
	tells("put  - a \"1\"\n");
	end();
}
END_TEST

START_TEST(test_wrong)
{
	static const char nul[] = "a\0b", bad[] = "\xff";
	json_t *kv;
	begin("/calico", "n1");
	put(R "nodes/n1", "{");
	tells("trouble " R "nodes/n1: found no JSON, from line 1, column 1 on\n");
	ck_assert(!etcd_store_changed(store));
	put(R "nodes/n1", "{\"a\": 1}");
	tells("trouble " R "nodes/n1: over\nput Node - n1 {\"a\":1}\n");
	put(R "nodes/n1", "[secret]");
	ck_assert_ptr_null(strstr(str_get(&told), "secret"));
	tells("trouble " R "nodes/n1: found no JSON, from line 1, column 7 on: what it said last stays\n");
	put(R "nodes/n1", "[]");
	tells("trouble " R "nodes/n1: found JSON that is no object: what it said last stays\n");
	/* Gone is gone, and so is the trouble. */
	del(R "nodes/n1");
	tells("del Node - n1\ntrouble " R "nodes/n1: over\n");
	/* What was never told is not taken back. */
	put(R "nodes/n2", "no");
	str_reset(&told);
	del(R "nodes/n2");
	tells("trouble " R "nodes/n2: over\n");
	/* Keys that are no texts are nobody's. */
	kv = kv_of(R "nodes/n\0", strlen(R) + 8, "{}", 2);
	etcd_store_put(store, kv);
	json_decref(kv);
	kv = json_pack("{s:s, s:s}", "key", "!", "value", "");
	etcd_store_put(store, kv);
	etcd_store_del(store, kv);
	json_decref(kv);
	etcd_store_put(store, NULL);
	tells("");
	begin("/k", NULL);
	kv = kv_of("/k/a", 4, nul, 3);
	etcd_store_put(store, kv);
	json_decref(kv);
	kv = kv_of("/k/b", 4, bad, 1);
	etcd_store_put(store, kv);
	json_decref(kv);
	tells("trouble /k/a: found octets that are no UTF-8 text\ntrouble /k/b: found octets that are no "
	      "UTF-8 text\n");
	end();
}
END_TEST

START_TEST(test_lists)
{
	begin("/k", NULL);
	etcd_store_list_begin(store);
	put("/k/a", "1");
	put("/k/b", "2");
	put("/k/c", "3");
	etcd_store_sweep(store);
	tells("put  - a \"1\"\nput  - b \"2\"\nput  - c \"3\"\n");
	/* Of a list nothing is told that is the same, and what is gone when it is whole. */
	etcd_store_list_begin(store);
	put("/k/a", "1");
	put("/k/c", "4");
	tells("put  - c \"4\"\n");
	etcd_store_sweep(store);
	tells("del  - b\n");
	/* One that was cut off takes nothing back. */
	etcd_store_list_begin(store);
	etcd_store_list_begin(store);
	put("/k/a", "1");
	put("/k/c", "4");
	etcd_store_sweep(store);
	tells("");
	ck_assert_uint_eq(etcd_store_count(store), 2);
	end();
}
END_TEST

START_TEST(test_ranges)
{
	static const char *const keys[] = {
	    R "bgpconfigurations/a", R "bgpfilters/a", R "bgppeers/zz", R "ippools/a", R "nodes/a",
	    R "endpointslices/a/b", R "secrets/a/b", R "services/a/b",
	    /* and in none: */
	    R "workloadendpoints/a/b", R "blockaffinities/a", R "globalnetworkpolicies/a",
	    R "networksets/a/b", "/calico/ipam/v2/host/n2/ipv4/block/10.0.0.0-26"};
	unsigned n;
	const struct etcd_range *r;
	begin("/calico", "n1");
	r = etcd_store_ranges(store, &n);
	ck_assert_str_eq(r[0].start, "/calico/ipam/v2/host/n1/");
	ck_assert_str_eq(r[0].end, "/calico/ipam/v2/host/n10");
	ck_assert_uint_eq(n, 6);
	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		unsigned in = 0;
		for (unsigned i = 0; i < n; i++)
			in += strcmp(r[i].start, keys[k]) <= 0 && strcmp(keys[k], r[i].end) < 0;
		ck_assert_uint_eq(in, k < 8);
	}
	end();
}
END_TEST

START_TEST(test_messages)
{
	char start[] = "a/", stop[] = "a0";
	const struct etcd_range r = {start, stop};
	struct str out = {0};
	struct etcd_header h;
	etcd_range_request(&out, &r, NULL, 5, 0);
	ck_assert_str_eq(
	    str_get(&out),
	    "{\"key\": \"YS8=\", \"range_end\": \"YTA=\", \"limit\": \"5\", \"revision\": \"0\"}");
	str_reset(&out);
	/* Behind "a/b": the same and a NUL. */
	etcd_range_request(&out, &r, "a/b", 5, 7);
	ck_assert_str_eq(
	    str_get(&out),
	    "{\"key\": \"YS9iAA==\", \"range_end\": \"YTA=\", \"limit\": \"5\", \"revision\": \"7\"}");
	str_reset(&out);
	etcd_login_request(&out, "me", "a\"b");
	ck_assert_str_eq(str_get(&out), "{\"name\":\"me\",\"password\":\"a\\\"b\"}");
	str_reset(&out);
	json_t *v = json_pack("{s:{s:s, s:s, s:s}}", "header", "cluster_id", "14841639068965178418",
			      "revision", "3", "raft_term", "2");
	etcd_header_read(v, &h);
	ck_assert_uint_eq(h.cluster, 14841639068965178418ull);
	ck_assert_int_eq(h.revision, 3);
	ck_assert_int_eq(h.term, 2);
	json_decref(v);
	etcd_header_read(NULL, &h);
	ck_assert_int_eq(h.revision, 0);
	ck_assert_int_eq(etcd_refusal_of("etcdserver: mvcc: required revision has been compacted"),
			 ETCD_COMPACTED);
	ck_assert_int_eq(etcd_refusal_of("etcdserver: invalid auth token"), ETCD_LOGIN);
	ck_assert_int_eq(etcd_refusal_of("etcdserver: permission denied"), ETCD_REFUSED);
	struct fetch_result result = {.status = 400,
				      .body = "{\"error\": \"e\", \"message\": \"m\", \"code\": 3}"};
	result.len = strlen(result.body);
	etcd_failure_text(&result, &out);
	ck_assert_str_eq(str_get(&out), "it says \"m\"");
	str_reset(&out);
	result = (struct fetch_result){.status = 502, .body = "<html>", .len = 6};
	etcd_failure_text(&result, &out);
	ck_assert_str_eq(str_get(&out), "it answers with status 502");
	str_free(&out);
}
END_TEST

SUITE("etcd_store", test_calico, test_blocks, test_any, test_wrong, test_lists, test_ranges, test_messages)
