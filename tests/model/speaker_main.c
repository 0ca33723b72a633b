/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_main: speaker_model with random choices: speaker_model [SEED [STEPS]]. Those of a fuzzer:
 * tests/fuzz/fuzz_speaker.c.
 */
#include "tests/model/speaker_model.h"

#include "lib/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <unistd.h>

/* Some orders in the daemon follow addresses: with random ones a seed would be another run each time. */
static void
same_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now >= 0 && !(now & ADDR_NO_RANDOMIZE) && personality((unsigned long)now | ADDR_NO_RANDOMIZE) >= 0)
		execv("/proc/self/exe", argv);
}

struct seen {
	const char *what;
	uint64_t n;
};

/* How often things were seen: what never is, nobody checks. */
static void
print_seen(const struct model *m)
{
	const struct seen seen[] = {
	    {"steps", m->step},
	    {"comparisons", m->compared},
	    {"sessions", m->seen_up},
	    {"reloads", m->seen_reload},
	    {"End-of-RIB", m->seen_eor},
	    {"prefixes checked there", m->seen_eor_checked},
	    {"EoRR", m->seen_eorr},
	    {"multipath", m->seen_multipath},
	    {"recursive", m->seen_recursive},
	    {"too long", m->seen_long},
	    {"ids reused", m->seen_reused},
	    {"blocked", m->seen_blocked},
	    {"held back", m->seen_held},
	    {"kept over a restart", m->seen_kept},
	    {"as a last resort", m->seen_long_lived},
	    {"times back", m->seen_kept_back},
	    {"ended by End-of-RIB", m->seen_kept_swept},
	    {"ended by time", m->seen_kept_late},
	    {"best N sent", m->seen_many[SEND_BEST]},
	    {"ecmp sent", m->seen_many[SEND_ECMP]},
	    {"all sent", m->seen_many[SEND_ALL]},
	    {"aggregates", m->seen_aggregate},
	    {"hidden", m->seen_hidden},
	    {"segments of a confederation", m->seen_confed},
	    {"selection deferred and begun in time", m->seen_in_time},
	    {"let in by a range", m->seen_let_in},
	    {"turned away", m->seen_turned_away},
	    {"refused for want of memory", m->seen_refused},
	    {"too large", m->seen_too_large},
	    {"made of a free record", m->seen_spare},
	    {"asked for", m->seen_asked},
	    {"reset for it", m->seen_resources},
	    {"neighbours with caps", m->seen_capped},
	    {"not put into the kernel", m->seen_kernel_out},
	    {"metric by policy", m->seen_metric},
	    {"drained", m->seen_drained},
	    {"further tables made", m->seen_made},
	    {"moved to another", m->seen_moved},
	    {"devices gone", m->seen_device_gone},
	    {"devices with another table", m->seen_device_table},
	    {"comparisons without one", m->seen_device_waits},
	    {"restarts of the daemon", m->seen_restart},
	    {"routes in the kernel then", m->seen_left},
	    {"swept", m->seen_left_swept},
	    {"steps with deferred selection", m->seen_deferred},
	    {"with a shared group", m->seen_shared},
	    {"with a full ring", m->seen_full},
	    {"with a detached member", m->seen_detached},
	};

	printf("seed %" PRIu64 ":", m->seed);
	for (unsigned i = 0; i < ARRAY_LEN(seen); i++)
		printf("%s %" PRIu64 " %s", i > 0 ? "," : "", seen[i].n, seen[i].what);
	printf("\n");
}

int
main(int argc, char **argv)
{
	same_addresses(argv);
	struct model *m = xcalloc(1, sizeof *m);

	m->seed = m->rng = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	m->steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 20000;
	bool started = model_run(m);
	print_seen(m);
	free(m);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
