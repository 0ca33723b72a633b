/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_time: see bird_time.h.
 */
#include "bgpd/bird_time.h"

#include <time.h>

#define DAY_S (20u * 3600) /* for so long the time of the day is enough */

static struct tm
local_time(uint64_t ago_s)
{
	time_t t = time(NULL) - (time_t)ago_s;
	struct tm tm;

	localtime_r(&t, &tm);
	return tm;
}

const char *
bird_time_full(uint64_t ago_s, char *buf)
{
	struct tm tm = local_time(ago_s);

	strftime(buf, BIRD_TIME_STRLEN, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

const char *
bird_time_short(uint64_t ago_s, char *buf)
{
	struct tm tm = local_time(ago_s);

	strftime(buf, BIRD_TIME_STRLEN, ago_s < DAY_S ? "%H:%M:%S" : "%Y-%m-%d", &tm);
	return buf;
}
