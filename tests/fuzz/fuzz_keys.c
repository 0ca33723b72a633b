/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_keys: texts with an octet of 0 between, by turns a path and a value, put into a tree of keys; a path
 * that begins with "-" is deleted, one with "+" is a secret. There is a model, with secrets and without; and
 * when all that was named is deleted, nothing is left.
 */
#include "conf/keytree.h"
#include "tests/fuzz/fuzz.h"

static bool
is_utf8(const char *s)
{
	json_t *v = json_string(s);

	json_decref(v);
	return v != NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	struct keytree *t = keytree_new();
	json_t *before = json_array();
	size_t n, i;
	json_t *key;

	while (rbuf_left(&in) > 0) {
		const uint8_t *p = fuzz_part(&in, &n);
		char *path = fuzz_string(p, n);
		p = fuzz_part(&in, &n);
		char *value = fuzz_string(p, n);
		bool del = path[0] == '-', secret = path[0] == '+';
		const char *name = path + (del || secret);
		if (is_utf8(name)) {
			if (del)
				keytree_del(t, name);
			else
				keytree_put(t, name, value, secret);
			json_array_insert_new(before, 0, json_string(name));
		}
		free(path);
		free(value);
	}
	json_t *model = keytree_model(t, true), *shown = keytree_model(t, false);
	ASSERT(json_is_object(model) && json_is_object(shown));
	/* Everything that was ever named is deleted: nothing is left. */
	json_array_foreach(before, i, key) keytree_del(t, json_string_value(key));
	json_t *empty = keytree_model(t, true);
	ASSERT(json_object_size(empty) == 0);
	json_decref(empty);
	json_decref(model);
	json_decref(shown);
	json_decref(before);
	keytree_free(t);
	return 0;
}
