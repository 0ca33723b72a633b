/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ctl: any octets at the control socket. Each line of an answer is an object, whatever was asked, and
 * the daemon can stop in order afterwards.
 */
#include "bgpd/ctl.h"
#include "tests/fuzz/fuzz_daemon.h"

#include <jansson.h>

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_daemon_init();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_daemon f;
	struct str out = {0};

	if (size == 0 || size > 4096)
		return -1;
	fuzz_daemon_start(&f);
	fuzz_daemon_say(&f, fuzz_socket, data, size, &out);
	for (const char *at = str_get(&out), *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		json_t *o = json_loadb(at, (size_t)(end - at), 0, NULL);
		ASSERT(json_is_object(o));
		json_decref(o);
	}
	str_free(&out);
	fuzz_daemon_stop(&f);
	return 0;
}
