/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_command: the table of commands, and the way from a request to its handler.
 */
#include "bgpd/ctl_command.h"

#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "lib/addr.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <errno.h>
#include <string.h>

#define ARGS_MAX 12

enum arg_kind { ARG_TEXT, ARG_FLAG, ARG_NUMBER }; /* number: 0..4294967295 */

struct arg {
	const char *name; /* NULL ends the list */
	enum arg_kind kind;
	bool required;
};

struct command {
	const char *name;
	struct arg args[ARGS_MAX];
	void (*run)(struct ctl_client *c, const json_t *args);
	const char *help;
};

static void list_commands(struct ctl_client *c, const json_t *args);

#define TEXT(n)                                                                                              \
	{                                                                                                    \
		.name = (n), .kind = ARG_TEXT                                                                \
	}
#define FLAG(n)                                                                                              \
	{                                                                                                    \
		.name = (n), .kind = ARG_FLAG                                                                \
	}
#define NUMBER(n)                                                                                            \
	{                                                                                                    \
		.name = (n), .kind = ARG_NUMBER                                                              \
	}
#define NEEDED(n)                                                                                            \
	{                                                                                                    \
		.name = (n), .kind = ARG_TEXT, .required = true                                              \
	}
#define NO_ARGS                                                                                              \
	{                                                                                                    \
		{                                                                                            \
			.name = NULL                                                                         \
		}                                                                                            \
	}
#define NEEDS_NEIGHBOR NEEDED("neighbor")
#define IN_TABLE NUMBER("table"), TEXT("vrf")
#define PATH_FILTERS                                                                                         \
	FLAG("best"), FLAG("invalid"), FLAG("rejected"), TEXT("community"), TEXT("as_path"), TEXT("from"),   \
	    NUMBER("origin_as"), NUMBER("limit")

static const struct command commands[] = {
    {"show summary", NO_ARGS, ctl_show_summary, "the router and its neighbors"},
    {"show neighbor", {TEXT("neighbor")}, ctl_show_neighbor, "neighbors in full"},
    {"show rib", {TEXT("prefix"), FLAG("longer"), PATH_FILTERS, IN_TABLE}, ctl_show_rib, "paths"},
    {"show rib in",
     {NEEDS_NEIGHBOR, TEXT("prefix"), FLAG("longer"), PATH_FILTERS},
     ctl_show_rib_in,
     "what a neighbor sent, before import policy"},
    {"show rib out",
     {NEEDS_NEIGHBOR, TEXT("prefix"), FLAG("longer"), PATH_FILTERS},
     ctl_show_rib_out,
     "what a neighbor was sent"},
    {"show rib why", {NEEDED("prefix"), IN_TABLE}, ctl_show_rib_why, "what became of each path of a prefix, and why"},
    {"show rib rejected",
     {TEXT("prefix"), FLAG("longer"), PATH_FILTERS, IN_TABLE},
     ctl_show_rib_rejected,
     "what is rejected on its way in or out, and by which rule"},
    {"show fib", {IN_TABLE}, ctl_show_fib, "routes in the kernel"},
    {"show nexthop", {IN_TABLE}, ctl_show_nexthop, "next hops and how they resolve"},
    {"show checks", NO_ARGS, ctl_show_checks, "conditions of networks"},
    {"show interfaces", {TEXT("vrf")}, ctl_show_interfaces, "interfaces and their addresses"},
    {"show policy", {TEXT("name")}, ctl_show_policy, "policies and who uses them"},
    {"show memory", NO_ARGS, ctl_show_memory, "memory and the event loop"},
    {"show metrics", NO_ARGS, ctl_show_metrics, "all figures, as metrics.listen gives them"},
    {"config show", NO_ARGS, ctl_config_show, "the running configuration"},
    {"config diff", {TEXT("file")}, ctl_config_diff, "what a reload would change"},
    {"config check", {TEXT("file")}, ctl_config_check, "is a file good"},
    {"reload", {NUMBER("confirm")}, ctl_reload, "apply the configuration file"},
    {"confirm", NO_ARGS, ctl_confirm, "keep what was reloaded on trial"},
    {"rollback", NO_ARGS, ctl_rollback, "go back to what was before the trial"},
    {"neighbor up", {NEEDS_NEIGHBOR}, ctl_neighbor_up, "start a neighbor"},
    {"neighbor down", {NEEDS_NEIGHBOR, TEXT("reason")}, ctl_neighbor_down, "shut a neighbor down"},
    {"neighbor clear", {NEEDS_NEIGHBOR}, ctl_neighbor_clear, "reset the session"},
    {"neighbor drain", {NEEDS_NEIGHBOR}, ctl_neighbor_drain, "take traffic off a session and end it"},
    {"neighbor refresh", {NEEDS_NEIGHBOR, TEXT("direction")}, ctl_neighbor_refresh, "exchange routes again"},
    {"neighbor debug", {NEEDS_NEIGHBOR, NEEDED("debug")}, ctl_neighbor_debug, "log the messages of a neighbor"},
    {"network add", {NEEDED("prefix")}, ctl_network_add, "originate a prefix"},
    {"network delete", {NEEDED("prefix")}, ctl_network_delete, "stop originating a prefix"},
    {"monitor", {TEXT("what")}, ctl_monitor, "events as they happen"},
    {"log level", {NEEDED("level")}, ctl_log_level, "how much is logged"},
    {"commands", NO_ARGS, list_commands, "this list"},
};

/* ---- checking ---- */

static const struct arg *
arg_find(const struct command *cmd, const char *name)
{
	for (int i = 0; i < ARGS_MAX && cmd->args[i].name != NULL; i++)
		if (strcmp(cmd->args[i].name, name) == 0)
			return &cmd->args[i];
	return NULL;
}

static bool
arg_is(enum arg_kind kind, const json_t *v)
{
	switch (kind) {
	case ARG_TEXT:
		return json_is_string(v) && json_string_length(v) == strlen(json_string_value(v));
	case ARG_FLAG:
		return json_is_boolean(v);
	case ARG_NUMBER:
		return json_is_integer(v) && json_integer_value(v) >= 0 &&
		       json_integer_value(v) <= UINT32_MAX;
	}
	return false;
}

static bool
args_check(struct ctl_client *c, const struct command *cmd, const json_t *args)
{
	static const char *const kinds[] = {"a string", "true or false", "a number of 32 bits"};
	const char *name;
	json_t *v;

	/* The iteration changes nothing, jansson only lacks a const form of it. */
	json_object_foreach((json_t *)(uintptr_t)args, name, v)
	{
		const struct arg *a = arg_find(cmd, name);
		if (a == NULL) {
			ctl_fail(c, CTL_ERR_REQUEST, "%s: no argument '%s'", cmd->name, name);
			return false;
		}
		if (!arg_is(a->kind, v)) {
			ctl_fail(c, CTL_ERR_REQUEST, "%s: %s must be %s", cmd->name, name, kinds[a->kind]);
			return false;
		}
	}
	for (int i = 0; i < ARGS_MAX && cmd->args[i].name != NULL; i++) {
		if (cmd->args[i].required && json_object_get(args, cmd->args[i].name) == NULL) {
			ctl_fail(c, CTL_ERR_REQUEST, "%s: %s is missing", cmd->name, cmd->args[i].name);
			return false;
		}
	}
	return true;
}

/* The instance that the arguments name is what the request is about; without, the main one. */
static bool
table_choose(struct ctl_client *c, const json_t *args)
{
	struct bgpd *main = ctl_client_daemon(c), *d = main;
	const json_t *v = json_object_get(args, "table");
	uint32_t table = (uint32_t)json_integer_value(v);
	const char *vrf = ctl_arg_text(args, "vrf");

	if (vrf != NULL) {
		d = v == NULL ? instance_of_vrf(main, vrf) : NULL;
		if (d == NULL && v != NULL)
			ctl_fail(c, CTL_ERR_REQUEST, "a VRF has a table: one of table and vrf is enough");
		else if (d == NULL)
			ctl_fail(c, CTL_ERR_NOT_FOUND, "no neighbor has VRF %s", vrf);
		else
			ctl_client_turn(c, d);
		return d != NULL;
	}
	if (v != NULL && table != main->conf->kernel.table)
		d = table != 0 ? instance_of(main, table) : NULL;
	if (d == NULL) {
		ctl_fail(c, CTL_ERR_NOT_FOUND, "no neighbor has table %u", table);
		return false;
	}
	ctl_client_turn(c, d);
	return true;
}

void
ctl_command_run(struct ctl_client *c, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));
	const json_t *args = json_object_get(request, "args");

	if (name == NULL || (args != NULL && !json_is_object(args))) {
		ctl_fail(c, CTL_ERR_REQUEST,
			 "a request is an object with command (a string) and args (an object)");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (args_check(c, &commands[i], args) && table_choose(c, args))
			commands[i].run(c, args);
		return;
	}
	ctl_fail(c, CTL_ERR_REQUEST, "there is no command '%s'", name);
}

static void
list_commands(struct ctl_client *c, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		json_t *names = json_array();
		for (int a = 0; a < ARGS_MAX && commands[i].args[a].name != NULL; a++)
			json_array_append_new(names, json_string(commands[i].args[a].name));
		json_array_append_new(list, json_pack("{s:s,s:o,s:s}", "command", commands[i].name, "args",
						      names, "help", commands[i].help));
	}
	ctl_done(c, json_pack("{s:o}", "commands", list));
}

/* ---- what handlers share ---- */

const char *
ctl_arg_text(const json_t *args, const char *name)
{
	return json_string_value(json_object_get(args, name));
}

bool
ctl_arg_prefix(struct ctl_client *c, const json_t *args, const char *name, struct ip_prefix *out)
{
	const char *text = ctl_arg_text(args, name);
	int err = ip_prefix_parse(text, out);

	if (err == -ERANGE) {
		char buf[IP_PREFIX_STRLEN];
		ctl_fail(c, CTL_ERR_REQUEST, "'%s' has bits beyond its length; %s is meant?", text,
			 ip_prefix_str(out, buf, sizeof(buf)));
	} else if (err < 0) {
		ctl_fail(c, CTL_ERR_REQUEST, "'%s' is neither an address nor a prefix", text);
	}
	return err == 0;
}

struct peer *
ctl_peer_find(struct ctl_client *c, const char *text)
{
	struct bgpd *d = ctl_client_daemon(c)->main;
	struct peer *p = peer_table_by_name(&d->peer_table, text), *found = NULL;
	struct ip_addr addr = {0};
	struct str names = {0};
	int n = 0;

	if (p != NULL)
		return p;
	if (ip_addr_parse(text, &addr) == 0)
		p = peer_table_by_addr(&d->peer_table, &addr);
	for (; p != NULL; p = p->next_same_addr) {
		if (addr.scope_id != 0 && addr.scope_id != p->addr.scope_id)
			continue;
		str_addf(&names, "%s%s", n++ > 0 ? ", " : "", p->name);
		found = p;
	}
	if (n > 1) {
		ctl_fail(c, CTL_ERR_AMBIGUOUS, "'%s' is the address of several neighbors: %s", text,
			 str_get(&names));
		found = NULL;
	} else if (n == 0) {
		ctl_fail(c, CTL_ERR_NOT_FOUND, "there is no neighbor '%s'", text);
	}
	str_free(&names);
	return found;
}
