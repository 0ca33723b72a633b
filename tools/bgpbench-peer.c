/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpbench-peer: what stands around a daemon under test, or in its place.
 *
 * One program with six parts, each a process of its own, started and led by
 * tools/bgpbench over stdin and stdout: the neighbours (bench_run), two neighbours
 * that measure a delay (bench_probe), the watcher of the kernel's routes
 * (bench_kernel), another listener there (bench_listen), a flow of packets (bench_flow),
 * and the null forwarder (bench_null).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench_flow.h"
#include "tools/bench_kernel.h"
#include "tools/bench_listen.h"
#include "tools/bench_null.h"
#include "tools/bench_probe.h"
#include "tools/bench_run.h"

#define PORT 179

static const char usage[] =
    "usage: bgpbench-peer run                 the neighbours; commands on stdin, see tools/bench_run.h\n"
    "       bgpbench-peer kernel              the kernel's routes; see tools/bench_kernel.h\n"
    "       bgpbench-peer flow NAMESPACE DEV DEV RATE\n"
    "                                         packets that come out there; see tools/bench_flow.h\n"
    "       bgpbench-peer listen              hears of all changes of routes, as some other program does\n"
    "       bgpbench-peer null AS FILE        a forwarder in the place of the daemon; see tools/bench_null.h\n"
    "       bgpbench-peer probe LOCAL,REMOTE,AS LOCAL,REMOTE,AS MS\n"
    "                                         announces one prefix from the first, waits for it at the second\n";

static int
usage_exit(void)
{
	fputs(usage, stderr);
	return 64;
}

static bool
number(const char *text, uint32_t *out)
{
	const char *err;

	*out = (uint32_t)strtonum(text, 1, UINT32_MAX, &err);
	return err == NULL;
}

/* "LOCAL,REMOTE,AS" */
static bool
end_parse(char *text, struct ip_addr *local, struct ip_addr *remote, uint32_t *as)
{
	char *second = strchr(text, ','), *third = second ? strchr(second + 1, ',') : NULL;

	if (third == NULL)
		return false;
	*second = *third = '\0';
	return ip_addr_parse(text, local) == 0 && ip_addr_parse(second + 1, remote) == 0 && number(third + 1, as);
}

static int
probe_main(char **argv)
{
	struct bench_probe_ends ends;
	uint32_t ms;

	if (!end_parse(argv[0], &ends.from_local, &ends.from_remote, &ends.from_as) ||
	    !end_parse(argv[1], &ends.to_local, &ends.to_remote, &ends.to_as) || !number(argv[2], &ms))
		return usage_exit();
	ends.interval_ms = ms;
	return bench_probe_run(&ends, PORT);
}

int
main(int argc, char **argv)
{
	uint32_t as, rate;

	if (argc == 2 && strcmp(argv[1], "run") == 0)
		return bench_run(PORT);
	if (argc == 2 && strcmp(argv[1], "kernel") == 0)
		return bench_kernel_run();
	if (argc == 2 && strcmp(argv[1], "listen") == 0)
		return bench_listen_run();
	if (argc == 6 && strcmp(argv[1], "flow") == 0 && number(argv[5], &rate))
		return bench_flow_run(argv[2], argv + 3, rate);
	if (argc == 4 && strcmp(argv[1], "null") == 0 && number(argv[2], &as))
		return bench_null_run(PORT, as, argv[3]);
	if (argc == 5 && strcmp(argv[1], "probe") == 0)
		return probe_main(argv + 2);
	return usage_exit();
}
