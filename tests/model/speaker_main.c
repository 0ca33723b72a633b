/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_main: speaker_model with random choices: speaker_model [SEED [STEPS]]. Those of a fuzzer: tests/fuzz/fuzz_speaker.c.
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

int
main(int argc, char **argv)
{
	same_addresses(argv);
	struct model *m = xcalloc(1, sizeof *m);

	m->seed = m->rng = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	m->steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 20000;
	bool started = model_run(m);
	printf("seed %" PRIu64 ": %" PRIu64 " steps, %" PRIu64 " comparisons, %" PRIu64 " sessions, %" PRIu64
	       " reloads, %" PRIu64 " End-of-RIB (%" PRIu64 " prefixes checked), %" PRIu64 " EoRR, %" PRIu64
	       " multipath, %" PRIu64 " recursive, %" PRIu64 " too long, %" PRIu64
	       " ids reused, %" PRIu64 " blocked, %" PRIu64 " held back, %" PRIu64 " kept over a restart (%" PRIu64 " as a last resort, %" PRIu64 " times back, %" PRIu64 " ended by End-of-RIB, %" PRIu64
	       " by time), several paths sent (best N %" PRIu64 ", ecmp %" PRIu64 ", all %" PRIu64 "), %" PRIu64
	       " aggregates, %" PRIu64 " hidden, %" PRIu64 " segments of a confederation, selection deferred and begun in time %" PRIu64 "; %" PRIu64 " paths refused for want of memory, asked for %" PRIu64 " times and %" PRIu64 " times by a reset, neighbours with caps %" PRIu64 "; not put into the kernel %" PRIu64 " times, metric by policy %" PRIu64 " times; drained %" PRIu64 " times; %" PRIu64 " restarts of the daemon (%" PRIu64 " routes in the kernel, %" PRIu64 " of them swept); steps with deferred selection %" PRIu64 ", a shared group %" PRIu64 ", a full ring %" PRIu64 ", a detached member %" PRIu64 "\n",
	    m->seed, m->step, m->compared, m->seen_up, m->seen_reload, m->seen_eor, m->seen_eor_checked, m->seen_eorr,
	    m->seen_multipath, m->seen_recursive, m->seen_long, m->seen_reused, m->seen_blocked, m->seen_held, m->seen_kept, m->seen_long_lived, m->seen_kept_back, m->seen_kept_swept, m->seen_kept_late,
	    m->seen_many[SEND_BEST], m->seen_many[SEND_ECMP], m->seen_many[SEND_ALL], m->seen_aggregate, m->seen_hidden, m->seen_confed,
	    m->seen_in_time, m->seen_refused, m->seen_asked, m->seen_resources, m->seen_capped, m->seen_kernel_out, m->seen_metric, m->seen_drained, m->seen_restart, m->seen_left, m->seen_left_swept, m->seen_deferred, m->seen_shared, m->seen_full,
	    m->seen_detached);
	free(m);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
