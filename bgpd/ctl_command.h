/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_command: the commands of the control socket, and what their handlers share.
 *
 * A handler is called with arguments that the table in ctl_command.c has checked:
 * nothing unknown, everything required, each of its type. Handlers answer as
 * ctl_reply.h says. One file a subject.
 */
#ifndef BGPD_CTL_COMMAND_H
#define BGPD_CTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

struct ctl_client;
struct ip_prefix;
struct peer;

/* The argument's text, or NULL. */
const char *ctl_arg_text(const json_t *args, const char *name);
/* Reads an argument that is a prefix. False: refused already. */
bool ctl_arg_prefix(struct ctl_client *c, const json_t *args, const char *name, struct ip_prefix *out);
/* The neighbour with this name, or else this address. NULL: none or several, refused already. */
struct peer *ctl_peer_find(struct ctl_client *c, const char *text);

/* ctl_show_rib.c */
void ctl_show_rib(struct ctl_client *c, const json_t *args);
void ctl_show_rib_in(struct ctl_client *c, const json_t *args);
void ctl_show_rib_out(struct ctl_client *c, const json_t *args);
/* ctl_show_why.c */
void ctl_show_rib_why(struct ctl_client *c, const json_t *args);
void ctl_show_rib_rejected(struct ctl_client *c, const json_t *args);
/* ctl_show_neighbor.c */
void ctl_show_summary(struct ctl_client *c, const json_t *args);
void ctl_show_neighbor(struct ctl_client *c, const json_t *args);
/* ctl_show_kernel.c */
void ctl_show_fib(struct ctl_client *c, const json_t *args);
void ctl_show_nexthop(struct ctl_client *c, const json_t *args);
void ctl_show_metrics(struct ctl_client *c, const json_t *args);
void ctl_show_checks(struct ctl_client *c, const json_t *args);
void ctl_show_interfaces(struct ctl_client *c, const json_t *args);
/* ctl_show_misc.c */
void ctl_show_memory(struct ctl_client *c, const json_t *args);
void ctl_show_policy(struct ctl_client *c, const json_t *args);
/* ctl_config.c */
void ctl_config_show(struct ctl_client *c, const json_t *args);
void ctl_config_diff(struct ctl_client *c, const json_t *args);
void ctl_config_check(struct ctl_client *c, const json_t *args);
void ctl_reload(struct ctl_client *c, const json_t *args);
void ctl_confirm(struct ctl_client *c, const json_t *args);
void ctl_rollback(struct ctl_client *c, const json_t *args);
/* ctl_monitor.c */
void ctl_monitor(struct ctl_client *c, const json_t *args);
/* ctl_action.c */
void ctl_neighbor_up(struct ctl_client *c, const json_t *args);
void ctl_neighbor_down(struct ctl_client *c, const json_t *args);
void ctl_neighbor_drain(struct ctl_client *c, const json_t *args);
void ctl_neighbor_clear(struct ctl_client *c, const json_t *args);
void ctl_neighbor_refresh(struct ctl_client *c, const json_t *args);
void ctl_neighbor_debug(struct ctl_client *c, const json_t *args);
void ctl_network_add(struct ctl_client *c, const json_t *args);
void ctl_network_delete(struct ctl_client *c, const json_t *args);
void ctl_log_level(struct ctl_client *c, const json_t *args);

#endif
