/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusal: why the kernel has refused something, by the number of its error: see fib.h.
 */
#include "fib/fib.h"

#include "lib/mem.h"

#include <errno.h>

enum fib_refusal
fib_refusal_of(int error)
{
	static const struct {
		int error;
		enum fib_refusal refusal;
	} known[] = {
	    {EEXIST, FIB_REFUSAL_EXISTS},
	    {ENETUNREACH, FIB_REFUSAL_UNREACHABLE},
	    {EHOSTUNREACH, FIB_REFUSAL_UNREACHABLE},
	    {ENETDOWN, FIB_REFUSAL_UNREACHABLE},
	    {ENODEV, FIB_REFUSAL_UNREACHABLE},
	    {ENOMEM, FIB_REFUSAL_MEMORY},
	    {ENOBUFS, FIB_REFUSAL_MEMORY},
	    {ENOSPC, FIB_REFUSAL_MEMORY},
	    {EPERM, FIB_REFUSAL_PERMISSION},
	    {EACCES, FIB_REFUSAL_PERMISSION},
	    {EINVAL, FIB_REFUSAL_INVALID},
	    {EOPNOTSUPP, FIB_REFUSAL_INVALID},
	    {EAFNOSUPPORT, FIB_REFUSAL_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].error == error)
			return known[i].refusal;
	return FIB_REFUSAL_OTHER;
}
