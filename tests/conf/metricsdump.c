/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metricsdump: the lists of figures that bgpd and bgpconfd serve, as parts of godwit-metrics(7), from the
 * tables that they are served by. tools/gen-man puts them into the page.
 */
#include <stdio.h>

#include "bgpd/metrics.h"
#include "conf/confd_metrics.h"

int
main(void)
{
	struct str out = {0};

	metrics_doc(&out);
	str_add(&out, ".Ss Of bgpconfd\nAnd process_*, as above.\n.Bl -tag -width Ds\n");
	confd_metrics_doc(&out);
	str_add(&out, ".El\n");
	fputs(str_get(&out), stdout);
	str_free(&out);
	return 0;
}
