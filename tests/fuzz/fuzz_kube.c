/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kube: answers of the API of Kubernetes in pieces, and objects. The first octet: a list or a stream, and how long the
 * pieces are. However the text is cut, the same values come out; each is an object of every kind for once.
 */
#include "conf/kube.h"
#include "tests/fuzz/fuzz.h"

/* How much white space is in front of what is no object anyway depends on the pieces. */
static int
take(void *ctx, const char *text, size_t len)
{
	size_t blank = strspn(text, ", \t\r\n");

	str_addn(ctx, text + blank, len - blank);
	str_addn(ctx, "\0", 1);
	return 0;
}

/* What comes out, with an octet of 0 behind each value; the end of a list, too. */
static int
split(const char *text, size_t len, bool list, size_t step, struct str *out)
{
	struct kube_split s = {0};
	int rc = 0;

	kube_split_begin(&s, list);
	for (size_t at = 0; at < len && rc == 0; at += step) {
		size_t n = len - at < step ? len - at : step;
		char *piece = fuzz_string((const uint8_t *)text + at, n);
		rc = kube_split_feed(&s, piece, n, take, out);
		free(piece);
	}
	if (rc == 0)
		rc = kube_split_is_whole(&s) ? 1 : 2;
	kube_split_fini(&s);
	return rc;
}

static void
objects(const struct str *values)
{
	for (const char *at = str_get(values), *end = at + values->len; at < end; at += strlen(at) + 1) {
		json_t *o = json_loads(at, 0, NULL);
		for (size_t i = 0; json_is_object(o) && i < kube_nkinds; i++) {
			json_t *r = kube_kinds[i].resource(&kube_kinds[i], o, "n1");
			ASSERT(r == NULL || json_is_object(r));
			json_decref(r);
		}
		json_decref(o);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole = {0}, pieces = {0};

	if (size < 1 || size > 8192)
		return -1;
	bool list = data[0] & 1;
	int rc = split((const char *)data + 1, size - 1, list, size, &whole);
	ASSERT(split((const char *)data + 1, size - 1, list, 1u + data[0] / 2u, &pieces) == rc);
	ASSERT(whole.len == pieces.len && memcmp(str_get(&whole), str_get(&pieces), whole.len) == 0);
	objects(&whole);
	str_free(&whole);
	str_free(&pieces);
	return 0;
}
