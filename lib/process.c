/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: see process.h. proc(5), getrusage(2).
 */
#include "lib/process.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"

struct process {
	double cpu_s, start_s;
	double resident_bytes, virtual_bytes, resident_max_bytes;
	double open_fds, max_fds;
};

/* /proc/self/stat from field 3 on: the name before that may have blanks and brackets. *rest is what follows
 * field 2. */
static bool
stat_read(char *text, size_t size, const char **rest)
{
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n = f != NULL ? fread(text, 1, size - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	char *end = strrchr(text, ')');
	*rest = end != NULL ? end + 1 : text;
	return end != NULL;
}

static double
clock_s(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * When the system came up, since the epoch. Read in one go, and later rounded to seconds: for readers another
 * start time is another process. (/proc/stat has it, beside the interrupts of all processors.)
 */
static double
boot_s(void)
{
	double before, boot;
	unsigned tries = 10;

	do {
		before = clock_s(CLOCK_BOOTTIME);
		boot = clock_s(CLOCK_REALTIME) - before;
	} while (clock_s(CLOCK_BOOTTIME) - before > 1e-5 && --tries > 0);
	return boot;
}

/* Fields 22, 23 and 24: when it began, in ticks since the boot; octets of addresses; resident pages. */
static void
stat_take(struct process *p)
{
	unsigned long long start, size, pages;
	const char *rest;
	char text[1024];

	if (!stat_read(text, sizeof(text), &rest) ||
	    sscanf(
		rest,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu %llu %llu",
		&start, &size, &pages) != 3)
		return;
	p->start_s = (double)(long long)(boot_s() + (double)start / (double)sysconf(_SC_CLK_TCK) + 0.5);
	p->virtual_bytes = (double)size;
	p->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
}

unsigned
process_descriptors(unsigned limit)
{
	struct stat st;
	unsigned n = 0;

	/* Since Linux 6.2 it is the size of the folder, which costs nothing. */
	if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
		return (unsigned)st.st_size;
	/* Reading the folder would cost more: it makes an entry for each. */
	for (unsigned fd = 0; fd < limit; fd++)
		n += fcntl((int)fd, F_GETFD) >= 0;
	return n;
}

/* No descriptor that is open has this number or a higher one. */
static unsigned
table_size(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	unsigned n = 0;

	while (f != NULL && n == 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "FDSize: %u", &n) != 1)
			n = 0;
	if (f != NULL)
		fclose(f);
	return n;
}

static void
process_take(struct process *p)
{
	struct rusage used;
	struct rlimit limit;

	*p = (struct process){0};
	if (getrusage(RUSAGE_SELF, &used) == 0) {
		p->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
		p->resident_max_bytes = (double)used.ru_maxrss * 1024;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		p->max_fds = (double)limit.rlim_cur;
	stat_take(p);
	p->open_fds = process_descriptors(table_size());
}

#define ROW(name_, kind_, field_, help_)                                                                     \
	{                                                                                                    \
		{.name = (name_), .kind = (kind_), .help = (help_)}, offsetof(struct process, field_)        \
	}

static const struct {
	struct openmetrics_family family;
	size_t figure; /* a double of struct process */
} rows[] = {
    ROW("process_cpu_seconds", OPENMETRICS_COUNTER, cpu_s, "Processor time of all threads, user and system."),
    ROW("process_start_time_seconds", OPENMETRICS_GAUGE, start_s, "When the process began, since the epoch."),
    ROW("process_resident_memory_bytes", OPENMETRICS_GAUGE, resident_bytes, "Memory that is there."),
    ROW("process_resident_memory_max_bytes", OPENMETRICS_GAUGE, resident_max_bytes,
	"The most that was ever there."),
    ROW("process_virtual_memory_bytes", OPENMETRICS_GAUGE, virtual_bytes,
	"Addresses in use, which are not memory."),
    ROW("process_open_fds", OPENMETRICS_GAUGE, open_fds, "Open file descriptors."),
    ROW("process_max_fds", OPENMETRICS_GAUGE, max_fds, "How many there may be."),
};

void
process_metrics(struct str *out, enum openmetrics_format format)
{
	struct process p;
	double figure;

	process_take(&p);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memcpy(&figure, (const char *)&p + rows[i].figure, sizeof(figure));
		openmetrics_family(out, format, "", &rows[i].family);
		openmetrics_sample(out, "", &rows[i].family, "", figure);
	}
}

void
process_metrics_doc(struct str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		openmetrics_doc(out, "", &rows[i].family, "");
}
