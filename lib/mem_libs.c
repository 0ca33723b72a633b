/* SPDX-License-Identifier: Apache-2.0 */
/* mem_libs: see the header. */
#include "lib/mem_libs.h"

#include "lib/mem.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>

void
mem_libs_init(void)
{
	event_set_mem_functions(xmalloc, xrealloc, free);
	json_set_alloc_funcs(xmalloc, free);
}
