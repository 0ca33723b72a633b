/* SPDX-License-Identifier: Apache-2.0 */
/* mem_libs: see the header. */
#include "lib/mem_libs.h"

#include "lib/mem.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>

/*
 * What a struct evbuffer takes at least for octets (MIN_BUFFER_SIZE there): events are smaller, tables are
 * reallocated.
 */
#define EVENT_OCTETS 1024

static void *
event_alloc(size_t size)
{
	return size >= EVENT_OCTETS ? try_alloc(size) : xmalloc(size);
}

void
mem_libs_init(void)
{
	event_set_mem_functions(event_alloc, xrealloc, free);
	json_set_alloc_funcs(xmalloc, free);
}
