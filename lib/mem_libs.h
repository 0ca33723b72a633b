/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem_libs: the libraries take their memory where the core does (mem.h), so that none of them goes on without it.
 *
 * A JSON object that lacks a member, an event that was not added and a line that was not put into a buffer are not seen
 * by those who asked for them: they would be a wrong configuration, a timer that never comes and a broken answer. With
 * this libevent and Jansson end the process as the core itself does, with a line that says why. (A neighbour's
 * buffers are none of theirs.) What libevent allocates at once for octets that a client of a socket is sent, or sends,
 * may fail: that client is cut off (bgpd/client.c, http.c). libcurl is given the same functions in fetch.c; libyaml and
 * libnl cannot be given any, and those who call them look at what they return.
 */
#ifndef LIB_MEM_LIBS_H
#define LIB_MEM_LIBS_H

/* Called first of all by every main(): what they have already allocated could not be freed otherwise. */
void mem_libs_init(void);

#endif
