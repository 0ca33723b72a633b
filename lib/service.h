/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: what the service manager that started us is told, in the protocol of sd_notify(3).
 *
 * One datagram a message to the socket that $NOTIFY_SOCKET names. Nothing waits: what the
 * socket does not take at once is lost, and the next message is another one. The heartbeat is
 * a timer of the event loop and says that the loop turns, nothing more: one that is busy with
 * routes but turns is alive, and must not be shot. Belongs to the thread of its loop; every
 * function takes NULL, which is what service_open gives where nobody wants to be told.
 */
#ifndef LIB_SERVICE_H
#define LIB_SERVICE_H

#include <event2/event.h>
#include <stddef.h>

struct service;

/* Writes one line on how we are; called from the loop every two seconds. */
typedef void service_status_fn(void *ctx, char *text, size_t size);

/*
 * Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment, so that no child speaks for us.
 * NULL: there is nobody to tell. Timers of the loop have to be its most urgent events.
 */
struct service *service_open(struct event_base *base, service_status_fn *status, void *ctx);
void service_close(struct service *s);

/* Started; status and heartbeat begin. Nothing if that was said already. */
void service_ready(struct service *s);
/* From here to service_reloaded another configuration is read and applied. Both are nothing before service_ready. */
void service_reloading(struct service *s);
void service_reloaded(struct service *s);
/* The stop has begun and may take so many seconds, whatever the time-out is, if that is less. */
void service_stopping(struct service *s, unsigned seconds);

#endif
