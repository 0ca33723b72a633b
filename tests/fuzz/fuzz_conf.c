/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_conf: any text as a configuration. What loads must print, load again and
 * then be the same; what does not must say why. Seeds: the YAML of tests/conf.
 */
#include "conf/conf.h"
#include "conf/diff.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_errors errs = {0};
	struct conf_changes ch;
	struct str text = {0};
	struct conf *c, *again;

	if (conf_load_text("fuzz", (const char *)data, size, CONF_NO_FILES, &c, &errs) == 0) {
		conf_print(c, true, &text);
		int rc = conf_load_text("dump", text.s, text.len, CONF_NO_FILES, &again, &errs);
		ASSERT(rc == 0);
		conf_diff(c, again, &ch);
		ASSERT(ch.all.n == 0 && ch.neighbors.n == 0);
		conf_changes_free(&ch);
		conf_free(again);
		conf_free(c);
	} else {
		ASSERT(errs.n > 0);
		conf_errors_print(&errs, &text);
	}
	conf_errors_free(&errs);
	str_free(&text);
	return 0;
}
