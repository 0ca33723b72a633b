/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_bird: any octets at the socket for BIRD's clients. Each line of an answer has a code of four digits
 * and a blank or a hyphen, or continues the line before with a blank.
 */
#include "bgpd/birdsock.h"
#include "tests/fuzz/fuzz_daemon.h"

#include <ctype.h>

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_daemon_init();
	return 0;
}

static bool
is_coded(const char *line, size_t len)
{
	for (size_t i = 0; i < 4; i++)
		if (i >= len || !isdigit((unsigned char)line[i]))
			return false;
	return len > 4 && (line[4] == ' ' || line[4] == '-');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_daemon f;
	struct str out = {0};
	bool first = true;

	if (size == 0 || size > 2 * BIRDSOCK_REQUEST_MAX)
		return -1;
	fuzz_daemon_start(&f);
	fuzz_daemon_say(&f, fuzz_bird, data, size, &out);
	for (const char *at = str_get(&out), *end; (end = strchr(at, '\n')) != NULL;
	     at = end + 1, first = false) {
		size_t len = (size_t)(end - at);
		ASSERT(is_coded(at, len) || (!first && len > 0 && at[0] == ' '));
		for (size_t i = 0; i < len; i++)
			ASSERT((unsigned char)at[i] >= ' ' || at[i] == '\t');
	}
	ASSERT(!first);
	str_free(&out);
	fuzz_daemon_stop(&f);
	return 0;
}
