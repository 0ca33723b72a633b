/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_time: points in time as BIRD writes them: local time, of the clock on the wall.
 */
#ifndef BGPD_BIRD_TIME_H
#define BGPD_BIRD_TIME_H

#include <stddef.h>
#include <stdint.h>

#define BIRD_TIME_STRLEN 32

/* "2026-08-22 06:33:20" of so many seconds ago. Both write into buf (BIRD_TIME_STRLEN) and return it. */
const char *bird_time_full(uint64_t ago_s, char *buf);
/* One word: the time of the day, or from 20 hours on the date. */
const char *bird_time_short(uint64_t ago_s, char *buf);

#endif
