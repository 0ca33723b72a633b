/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdtable: see fdtable.h.
 */
#include "lib/fdtable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

long
fdtable_limit_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			return -errno;
	}
	return limit.rlim_cur < LONG_MAX ? (long)limit.rlim_cur : LONG_MAX;
}

int
fdtable_reserve(unsigned n)
{
	struct rlimit limit;
	int any[2];

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (n > limit.rlim_cur)
		n = (unsigned)limit.rlim_cur;
	if (n == 0)
		return 0;
	/* Something to duplicate: which descriptors the process was started with is its parent's affair. */
	if (pipe2(any, O_CLOEXEC) < 0)
		return -errno;
	int last = fcntl(any[0], F_DUPFD_CLOEXEC, (int)n - 1);
	int r = last < 0 ? -errno : 0;
	if (last >= 0)
		close(last);
	close(any[0]);
	close(any[1]);
	return r;
}
