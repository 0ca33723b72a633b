/* SPDX-License-Identifier: Apache-2.0 */
/* fdsize: how many descriptors there is room for, as /proc says. */
#ifndef TESTS_UNIT_FDSIZE_H
#define TESTS_UNIT_FDSIZE_H

#include <stdio.h>

#include "tests/unit/suite.h"

static inline unsigned
table_size(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	unsigned size = 0;

	ck_assert_ptr_nonnull(f);
	while (size == 0 && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "FDSize: %u", &size) != 1)
			size = 0;
	fclose(f);
	return size;
}

#endif
