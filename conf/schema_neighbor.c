/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: the keys of a neighbour, and of a group of neighbours; see schema.h.
 *
 * One table serves both: a group may have any key but those that make a
 * neighbour who it is. Defaults that depend on other keys are filled in by
 * check_neighbor.
 */
#include "conf/load.h"
#include "conf/schema.h"
#include "conf/schema_parts.h"

static const struct conf_word family_words[] = {
    {"ipv4-unicast", CONF_FAMILY(FAMILY_IPV4)}, {"ipv6-unicast", CONF_FAMILY(FAMILY_IPV6)}, {0}};
static const struct conf_word next_hop_words[] = {
    {"auto", CONF_NEXT_HOP_AUTO}, {"self", CONF_NEXT_HOP_SELF}, {"keep", CONF_NEXT_HOP_KEEP}, {0}};
static const struct conf_word role_words[] = {
    {"provider", CONF_ROLE_PROVIDER},   {"customer", CONF_ROLE_CUSTOMER},   {"peer", CONF_ROLE_PEER},
    {"rs-server", CONF_ROLE_RS_SERVER}, {"rs-client", CONF_ROLE_RS_CLIENT}, {0}};
static const struct conf_word private_as_words[] = {{"none", CONF_PRIVATE_NONE},
						    {"leading", CONF_PRIVATE_LEADING},
						    {"all", CONF_PRIVATE_ALL},
						    {"replace", CONF_PRIVATE_REPLACE},
						    {0}};
static const struct conf_word debug_words[] = {
    {"off", CONF_DEBUG_OFF}, {"messages", CONF_DEBUG_MESSAGES}, {"hex", CONF_DEBUG_HEX}, {0}};
static const struct conf_word max_action_words[] = {{"warn", CONF_MAX_WARN},
						    {"block", CONF_MAX_BLOCK},
						    {"restart", CONF_MAX_RESTART},
						    {"shutdown", CONF_MAX_SHUTDOWN},
						    {0}};

static const struct conf_row idle_hold_rows[] = {
    {.key = "initial",
     .type = &conf_type_number,
     AT(conf_idle_hold, initial_s),
     .max = 3600,
     .unit = "seconds",
     .def = "1",
     .effect = CONF_EFFECT_SOFT,
     .doc = "After the first error."},
    {.key = "max",
     .type = &conf_type_number,
     AT(conf_idle_hold, max_s),
     .max = 3600,
     .unit = "seconds",
     .def = "30",
     .effect = CONF_EFFECT_SOFT,
     .doc = "It doubles with each error up to this."},
};
static const struct conf_table idle_hold_table = {
    TABLE(idle_hold_rows), .size = sizeof(struct conf_idle_hold), .finish = check_idle_hold};

/* Whether path ids are sent is agreed in the OPEN; which paths is ours to say at any time. */
static enum conf_effect
send_effect(const void *old, const void *new)
{
	const struct conf_send_paths *a = old, *b = new;
	bool sent = a != NULL && a->mode != CONF_ADD_PATH_NONE, sends = b != NULL && b->mode != CONF_ADD_PATH_NONE;

	return sent && sends ? CONF_EFFECT_POLICY : CONF_EFFECT_RESET;
}

static const struct conf_row add_path_rows[] = {
    {.key = "receive",
     .type = &conf_type_bool,
     AT(conf_add_path_opts, receive),
     .def = "false",
     .effect = CONF_EFFECT_RESET,
     .doc = "Offer to receive several paths, of which each counts for max-prefix."},
    {.key = "send",
     .type = &conf_type_send_paths,
     AT(conf_add_path_opts, send),
     .def = "none",
     .effect = CONF_EFFECT_RESET,
     .effect_of = send_effect,
     .doc = "Which paths to send: the best N, those of the multipath set, or all that may be used. "
	    "The N are chosen for all alike: what came from the neighbor itself, or its policy rejects, is "
	    "left out of them and nothing else comes in its place. "
	    "Turning it on or off resets the session, another choice only evaluates routes anew."},
};
static const struct conf_table add_path_table = {TABLE(add_path_rows),
						 .size = sizeof(struct conf_add_path_opts)};

static const struct conf_row gr_rows[] = {
    {.key = "enabled",
     .type = &conf_type_bool,
     AT(conf_graceful_restart, enabled),
     .def_doc = "the router's",
     .effect = CONF_EFFECT_SOFT,
     .doc = "Announce graceful restart, and keep the neighbor's routes while it restarts."},
    {.key = "restart-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, restart_s),
     .max = 4095,
     .unit = "seconds",
     .def_doc = "the router's",
     .effect = CONF_EFFECT_SOFT,
     .doc = "How long the neighbor is asked to wait for us to come back."},
    {.key = "stale-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, stale_s),
     .min = 1,
     .max = 86400,
     .unit = "seconds",
     .def_doc = "the router's",
     .effect = CONF_EFFECT_SOFT,
     .doc = "How long its stale routes are kept at most."},
    {.key = "long-lived-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, long_lived_s),
     .max = 16777215,
     .unit = "seconds",
     .def_doc = "the router's",
     .effect = CONF_EFFECT_SOFT,
     .doc = "How long it is asked to keep our routes as a last resort, and its own are kept at most; 0 is not at all."},
};
static const struct conf_table gr_table = {TABLE(gr_rows), .size = sizeof(struct conf_graceful_restart)};

static const struct conf_row max_prefix_rows[] = {
    {.key = "limit",
     .type = &conf_type_number,
     AT(conf_max_prefix, limit),
     .min = 1,
     .max = UINT32_MAX,
     .flags = CONF_ROW_REQUIRED,
     .effect = CONF_EFFECT_SOFT,
     .doc = "Prefixes received, for each family, before policy."},
    {.key = "action",
     .type = &conf_type_word,
     AT(conf_max_prefix, action),
     .words = max_action_words,
     .def = "restart",
     .effect = CONF_EFFECT_SOFT,
     .doc = "What to do beyond the limit: log it, take no further prefixes, end the session and try again "
	    "after a "
	    "while, or end it until an operator starts it again."},
    {.key = "warn-percent",
     .type = &conf_type_number,
     AT(conf_max_prefix, warn_percent),
     .min = 1,
     .max = 100,
     .unit = "percent",
     .def = "80",
     .effect = CONF_EFFECT_SOFT,
     .doc = "Log a warning from this part of the limit on."},
    {.key = "restart-after",
     .type = &conf_type_number,
     AT(conf_max_prefix, restart_after_s),
     .min = 1,
     .max = 86400,
     .unit = "seconds",
     .def = "300",
     .effect = CONF_EFFECT_SOFT,
     .doc = "How long action restart waits."},
};
static const struct conf_table max_prefix_table = {TABLE(max_prefix_rows),
						   .size = sizeof(struct conf_max_prefix)};

static const struct conf_row max_prefix_out_rows[] = {
    {.key = "limit",
     .type = &conf_type_number,
     AT(conf_max_prefix, limit),
     .min = 1,
     .max = UINT32_MAX,
     .flags = CONF_ROW_REQUIRED,
     .effect = CONF_EFFECT_SOFT,
     .doc = "Prefixes sent, for each family, after policy."},
    {.key = "action",
     .type = &conf_type_word,
     AT(conf_max_prefix, action),
     .words = max_action_words,
     .def = "restart",
     .effect = CONF_EFFECT_SOFT,
     .doc = "What to do instead of sending more: log it and send more all the same, hold further prefixes back until "
	    "others are withdrawn, end the session and try again after a while, or end it until an operator starts it "
	    "again. With block a neighbor that has more than the limit, since that has come down, is told that the "
	    "surplus is gone; and prefixes are counted, however many paths of each are sent with add-path."},
    {.key = "warn-percent",
     .type = &conf_type_number,
     AT(conf_max_prefix, warn_percent),
     .min = 1,
     .max = 100,
     .unit = "percent",
     .def = "80",
     .effect = CONF_EFFECT_SOFT,
     .doc = "Log a warning from this part of the limit on."},
    {.key = "restart-after",
     .type = &conf_type_number,
     AT(conf_max_prefix, restart_after_s),
     .min = 1,
     .max = 86400,
     .unit = "seconds",
     .def = "300",
     .effect = CONF_EFFECT_SOFT,
     .doc = "How long action restart waits."},
};
static const struct conf_table max_prefix_out_table = {TABLE(max_prefix_out_rows),
						       .size = sizeof(struct conf_max_prefix)};

static const struct conf_word ao_algorithm_words[] = {{"hmac-sha-1-96", CONF_AO_HMAC_SHA1},
						      {"aes-128-cmac-96", CONF_AO_AES_CMAC},
						      {"hmac-sha-256-128", CONF_AO_HMAC_SHA256},
						      {0}};

static const struct conf_row ao_key_rows[] = {
    {.key = "id",
     .type = &conf_type_number,
     AT(conf_ao_key, id),
     .max = 255,
     .flags = CONF_ROW_REQUIRED,
     .effect = CONF_EFFECT_RESET,
     .doc = "KeyID of what we send; the neighbor receives with it."},
    {.key = "receive-id",
     .type = &conf_type_number,
     AT(conf_ao_key, receive_id),
     .max = 255,
     .effect = CONF_EFFECT_RESET,
     .def_doc = "id",
     .doc = "KeyID of what the neighbor sends with this key."},
    {.key = "algorithm",
     .type = &conf_type_word,
     AT(conf_ao_key, algorithm),
     .words = ao_algorithm_words,
     .def = "hmac-sha-1-96",
     .effect = CONF_EFFECT_RESET,
     .doc = "Which function signs segments and how many bits of it are sent."},
    {.key = "secret",
     .type = &conf_type_password,
     AT(conf_ao_key, secret),
     .flags = CONF_ROW_REQUIRED,
     .effect = CONF_EFFECT_RESET,
     .doc = "The master key, 1 to 80 octets, or the file that holds it, as with password."},
};
static const struct conf_table ao_key_table = {
    TABLE(ao_key_rows), .size = sizeof(struct conf_ao_key), .finish = check_ao_key};

static const struct conf_row neighbor_rows[] = {
    [CONF_NB_ADDRESS] = {.key = "address",
			 .type = &conf_type_scoped_addr,
			 AT(conf_neighbor, address),
			 .flags = CONF_ROW_NEIGHBOR,
			 .effect = CONF_EFFECT_RESET,
			 .def_doc = "none; a neighbor has one of address, interface and prefix",
			 .doc = "Its address; a link-local one with its interface, as in fe80::1%eth0."},
    [CONF_NB_INTERFACE] =
	{.key = "interface",
	 .type = &conf_type_string,
	 AT(conf_neighbor, interface),
	 .max = 15,
	 .unit = "an interface name",
	 .flags = CONF_ROW_NEIGHBOR,
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "none",
	 .doc = "Interface behind which the one neighbor is found by its router advertisements, or because "
		"it connects (unnumbered). Advertisements of our own, with router lifetime 0, go out there every "
		"ten seconds. The session is between link-local addresses and lasts while an interface of that "
		"name is up."},
    [CONF_NB_PREFIX] = {.key = "prefix",
			.type = &conf_type_prefix,
			AT(conf_neighbor, prefix),
			.flags = CONF_ROW_NEIGHBOR,
			.effect = CONF_EFFECT_RESET,
			.def_doc = "none",
			.doc =
			    "Anybody who connects from an address inside is a neighbor with these settings, named by "
			    "the address, until the session is over (dynamic neighbors). The longest prefix wins, and "
			    "a neighbor with that address over all. A password is that of the whole prefix, but for "
			    "neighbors and prefixes inside it that have another, or none: for each of the latter the "
			    "kernel is given as many keys as it is longer than this prefix (up to 32 with IPv4), which "
			    "net.core.optmem_max bounds."},
    [CONF_NB_NAME] =
	{.key = "name",
	 .type = &conf_type_name,
	 AT(conf_neighbor, name),
	 .flags = CONF_ROW_NEIGHBOR,
	 .effect = CONF_EFFECT_NONE,
	 .def_doc = "the address (with the port, as address:port or [address]:port, if that is not 179), "
		    "the interface or the prefix",
	 .doc = "Unique name in commands, logs and policies. A neighbor with another name is another "
		"neighbor."},
    [CONF_NB_GROUP] = {.key = "group",
		       .type = &conf_type_name,
		       .flags = CONF_ROW_NEIGHBOR | CONF_ROW_TREE,
		       .def_doc = "none",
		       .doc = "Group whose settings it takes where it has none of its own."},
    [CONF_NB_REMOTE_AS] = {.key = "remote-as",
			   .type = &conf_type_remote_as,
			   AT(conf_neighbor, remote_as),
			   .flags = CONF_ROW_REQUIRED,
			   .effect = CONF_EFFECT_RESET,
			   .doc = "Its AS number; internal for our own, external for any other, outside of the "
				  "confederation if we are in one."},
    [CONF_NB_LOCAL_AS] = {.key = "local-as",
			  .type = &conf_type_as,
			  AT(conf_neighbor, local_as),
			  .effect = CONF_EFFECT_RESET,
			  .def_doc = "router.as, or router.confederation.as where the neighbor is outside of it",
			  .doc = "AS number that we have towards this neighbor."},
    [CONF_NB_DESCRIPTION] = {.key = "description",
			     .type = &conf_type_string,
			     AT(conf_neighbor, description),
			     .max = 255,
			     .def_doc = "none",
			     .doc = "A text for people, shown by bgpctl show neighbor."},
    [CONF_NB_PORT] =
	{.key = "port",
	 .type = &conf_type_number,
	 AT(conf_neighbor, port),
	 .min = 1,
	 .max = 65535,
	 .def = "179",
	 .effect = CONF_EFFECT_RESET,
	 .doc = "TCP port to connect to. Several neighbors may share an address on different ports; "
		"their passwords must then agree."},
    [CONF_NB_SOURCE] = {.key = "source",
			.type = &conf_type_addr,
			AT(conf_neighbor, source),
			.effect = CONF_EFFECT_RESET,
			.def_doc = "the kernel chooses",
			.doc = "Own address of the session."},
    [CONF_NB_PASSIVE] = {.key = "passive",
			 .type = &conf_type_bool,
			 AT(conf_neighbor, passive),
			 .def = "false",
			 .effect = CONF_EFFECT_SOFT,
			 .doc = "Wait for it to connect. Dynamic neighbors are always passive."},
    [CONF_NB_FAMILIES] = {.key = "families",
			  .type = &conf_type_words,
			  AT(conf_neighbor, families),
			  .words = family_words,
			  .effect = CONF_EFFECT_RESET,
			  .def_doc = "the family of address or prefix; ipv6-unicast with interface",
			  .doc = "Address families to exchange."},
    [CONF_NB_PASSWORD] =
	{.key = "password",
	 .type = &conf_type_password,
	 AT(conf_neighbor, password),
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "none",
	 .doc = "Password of TCP MD5 signatures (RFC 2385), 1 to 80 octets, or the file that holds "
		"it (a newline at its end is left out). A reload notices a changed file."},
    [CONF_NB_TTL_SECURITY] =
	{.key = "ttl-security",
	 .type = &conf_type_number,
	 AT(conf_neighbor, ttl_security),
	 .min = 1,
	 .max = 254,
	 .unit = "hops",
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "off",
	 .doc = "Drop packets from farther away than this (GTSM, RFC 5082). Not together with "
		"multihop."},
    [CONF_NB_MULTIHOP] = {.key = "multihop",
			  .type = &conf_type_number,
			  AT(conf_neighbor, multihop),
			  .min = 1,
			  .max = 255,
			  .unit = "hops",
			  .effect = CONF_EFFECT_RESET,
			  .def_doc = "1 for external neighbors, 64 for internal ones",
			  .doc = "How far away it may be: the TTL of what we send."},
    [CONF_NB_HOLD_TIME] =
	{.key = "hold-time",
	 .type = &conf_type_number,
	 AT(conf_neighbor, hold_s),
	 .min = 3,
	 .max = 65535,
	 .zero = true,
	 .unit = "seconds",
	 .effect = CONF_EFFECT_SOFT,
	 .def_doc = "router.hold-time",
	 .doc = "After this long without a message the session is down; the smaller of both sides' "
		"counts, and 0 means never."},
    [CONF_NB_KEEPALIVE_TIME] =
	{.key = "keepalive-time",
	 .type = &conf_type_number,
	 AT(conf_neighbor, keepalive_s),
	 .min = 1,
	 .max = 21845,
	 .zero = true,
	 .unit = "seconds",
	 .effect = CONF_EFFECT_SOFT,
	 .def_doc = "a third of the hold time",
	 .doc = "Time between keepalives, at most; less if the negotiated hold time asks for "
		"it. 0 sends none, which only goes with hold time 0."},
    [CONF_NB_CONNECT_RETRY_TIME] = {.key = "connect-retry-time",
				    .type = &conf_type_number,
				    AT(conf_neighbor, connect_retry_s),
				    .min = 1,
				    .max = 65535,
				    .unit = "seconds",
				    .def = "5",
				    .effect = CONF_EFFECT_SOFT,
				    .doc = "Time between attempts to connect, with jitter."},
    [CONF_NB_IDLE_HOLD_TIME] = {.key = "idle-hold-time",
				.type = &conf_type_map,
				AT(conf_neighbor, idle_hold),
				.table = &idle_hold_table,
				.flags = CONF_ROW_ALWAYS,
				.effect = CONF_EFFECT_SOFT,
				.doc = "How long to stay idle after an error before the next try."},
    [CONF_NB_ROUTE_REFLECTOR_CLIENT] =
	{.key = "route-reflector-client",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, route_reflector_client),
	 .def = "false",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Reflect routes of other internal neighbors to it (RFC 4456); only for "
		"internal neighbors."},
    [CONF_NB_NEXT_HOP] =
	{.key = "next-hop",
	 .type = &conf_type_word,
	 AT(conf_neighbor, next_hop),
	 .words = next_hop_words,
	 .def = "auto",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Next hop of what it is sent: our own address, also in reflected routes; the one "
		"received; or what RFC 4271 5.1.3 says for the kind of neighbor and how far away it is."},
    [CONF_NB_ADD_PATH] = {.key = "add-path",
			  .type = &conf_type_map,
			  AT(conf_neighbor, add_path),
			  .table = &add_path_table,
			  .flags = CONF_ROW_ALWAYS,
			  .effect = CONF_EFFECT_RESET,
			  .doc = "Several paths to one prefix (RFC 7911)."},
    [CONF_NB_ALLOW_OWN_AS] =
	{.key = "allow-own-as",
	 .type = &conf_type_number,
	 AT(conf_neighbor, allow_own_as),
	 .max = 10,
	 .def = "0",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "How often our own AS may be in a received AS path before that counts as a loop."},
    [CONF_NB_ROLE] = {.key = "role",
		      .type = &conf_type_word,
		      AT(conf_neighbor, role),
		      .words = role_words,
		      .effect = CONF_EFFECT_RESET,
		      .def_doc = "none",
		      .doc = "Our own role towards an external neighbor (RFC 9234)."},
    [CONF_NB_ROLE_STRICT] = {.key = "role-strict",
			     .type = &conf_type_bool,
			     AT(conf_neighbor, role_strict),
			     .def = "false",
			     .effect = CONF_EFFECT_SOFT,
			     .doc = "Refuse a neighbor that tells no role."},
    [CONF_NB_EXTENDED_MESSAGES] = {.key = "extended-messages",
				   .type = &conf_type_bool,
				   AT(conf_neighbor, extended_messages),
				   .def = "true",
				   .effect = CONF_EFFECT_SOFT,
				   .doc = "Offer messages of up to 65535 octets (RFC 8654)."},
    [CONF_NB_GRACEFUL_RESTART] = {.key = "graceful-restart",
				  .type = &conf_type_map,
				  AT(conf_neighbor, graceful_restart),
				  .table = &gr_table,
				  .flags = CONF_ROW_ALWAYS,
				  .effect = CONF_EFFECT_SOFT,
				  .doc = "What to do about restarts, over what the router says."},
    [CONF_NB_MAX_PREFIX] = {.key = "max-prefix",
			    .type = &conf_type_map,
			    AT(conf_neighbor, max_prefix),
			    .table = &max_prefix_table,
			    .effect = CONF_EFFECT_SOFT,
			    .def_doc = "no limit",
			    .doc = "Protection against a neighbor that announces too much."},
    [CONF_NB_IMPORT] =
	{.key = "import",
	 .type = &conf_type_list,
	 AT(conf_neighbor, import),
	 .elem = &(const struct conf_row){.type = &conf_type_policy_ref},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .effect = CONF_EFFECT_POLICY,
	 .def_doc = "[accept] for neighbors of our AS and confederation; for external ones nothing comes in (RFC 8212)",
	 .doc = "Policies for received routes, in order; accept and reject are built in. What falls "
		"through a list that is there, also an empty one, is rejected."},
    [CONF_NB_EXPORT] = {.key = "export",
			.type = &conf_type_list,
			AT(conf_neighbor, export),
			.elem = &(const struct conf_row){.type = &conf_type_policy_ref},
			.flags = CONF_ROW_ONE_OR_LIST,
			.effect = CONF_EFFECT_POLICY,
			.def_doc =
			    "[accept] for neighbors of our AS and confederation; for external ones nothing goes out (RFC 8212)",
			.doc = "The same for routes to be sent."},
    [CONF_NB_SHUTDOWN] = {.key = "shutdown",
			  .type = &conf_type_bool,
			  AT(conf_neighbor, shutdown),
			  .def = "false",
			  .effect = CONF_EFFECT_RESET,
			  .doc = "Keep the session down, also over restarts; the command bgpctl neighbor down does it until one."},
    [CONF_NB_MAX_NEIGHBORS] = {.key = "max-neighbors",
			       .type = &conf_type_number,
			       AT(conf_neighbor, max_neighbors),
			       .min = 1,
			       .max = 65535,
			       .effect = CONF_EFFECT_NONE,
			       .def_doc = "256 with prefix",
			       .doc = "How many neighbors may be there at the same time by this prefix. "
				      "Without prefix it has no meaning."},
    [CONF_NB_MAX_PREFIX_OUT] = {.key = "max-prefix-out",
				.type = &conf_type_map,
				AT(conf_neighbor, max_prefix_out),
				.table = &max_prefix_out_table,
				.effect = CONF_EFFECT_SOFT,
				.def_doc = "no limit",
				.doc = "Protection of the neighbor against a leak of ours."},
    [CONF_NB_GRACEFUL_SHUTDOWN] =
	{.key = "graceful-shutdown",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, graceful_shutdown),
	 .def = "true",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Give routes of an external neighbor that come with the community graceful-shutdown local preference 0, "
		"whatever policy says: the neighbor is about to withdraw them (RFC 8326)."},
    [CONF_NB_LOCAL_AS_PREPEND] =
	{.key = "local-as-prepend",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, local_as_prepend),
	 .def = "false",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Put local-as in front of the AS path of what the neighbor sends, as if it came through an AS of that "
		"number. Only for external neighbors."},
    [CONF_NB_LOCAL_AS_REPLACE] =
	{.key = "local-as-replace",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, local_as_replace),
	 .def = "true",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Send paths that begin with local-as alone; with false they begin with local-as and then the default of "
		"it. The local-as of FRR without further words is local-as-prepend: true with local-as-replace: false; its "
		"no-prepend is the latter alone, and its no-prepend replace-as is the default here. Only for external "
		"neighbors."},
    [CONF_NB_LOCAL_AS_DUAL] =
	{.key = "local-as-dual",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, local_as_dual),
	 .def = "false",
	 .effect = CONF_EFFECT_RESET,
	 .doc = "When the neighbor refuses local-as (Bad Peer AS), try the default of it the next time, and so on in turn. "
		"Only for external neighbors with local-as."},
    [CONF_NB_AS_OVERRIDE] =
	{.key = "as-override",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, as_override),
	 .def = "false",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Send our own AS (local-as) in place of the neighbor's wherever that is in the AS path, so that sites of one "
		"AS take each other's routes from us. That takes its protection against loops away: mind what is sent "
		"back. Only for external neighbors."},
    [CONF_NB_REMOVE_PRIVATE_AS] =
	{.key = "remove-private-as",
	 .type = &conf_type_word,
	 AT(conf_neighbor, remove_private_as),
	 .words = private_as_words,
	 .def = "none",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Send AS paths without ASes for private use (RFC 6996): without those before the first that is not private "
		"(leading), without any (all), or with our own in place of each (replace). The neighbor's own AS stays, "
		"so that it sees loops. What the export policy puts in front counts as part of the path, our own AS "
		"does not. Only for external neighbors."},
    [CONF_NB_ENFORCE_FIRST_AS] =
	{.key = "enforce-first-as",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, enforce_first_as),
	 .effect = CONF_EFFECT_REFRESH,
	 .def_doc = "true for external neighbors, but false with role rs-client",
	 .doc = "Take routes of an external neighbor only if their AS path begins with its AS (RFC 4271 6.3); others count "
		"as withdrawn (RFC 7606). A route server does not put its AS in (RFC 7947)."},
    [CONF_NB_ROUTE_SERVER_CLIENT] =
	{.key = "route-server-client",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, route_server_client),
	 .def = "false",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Be a route server for it (RFC 7947): what it is sent has the AS path, the next hop and the MED that were "
		"received, without our own AS (unless the path would be empty), and NO_EXPORT from one client to another "
		"is theirs to obey. Each prefix has one best path, the same for all clients: where export policy keeps "
		"that from one, it gets no other. Only for external neighbors, which must not enforce our AS as the first."},
    [CONF_NB_SEND_HOSTNAME] =
	{.key = "send-hostname",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, send_hostname),
	 .def = "false",
	 .effect = CONF_EFFECT_SOFT,
	 .doc = "Tell it the name of this host, for people to read (draft-walton-bgp-hostname-capability). What it tells "
		"is shown in any case."},
    [CONF_NB_SEND_SOFTWARE_VERSION] =
	{.key = "send-software-version",
	 .type = &conf_type_bool,
	 AT(conf_neighbor, send_software_version),
	 .def = "false",
	 .effect = CONF_EFFECT_SOFT,
	 .doc = "Tell it which program and version this is (draft-ietf-idr-software-version). What it tells is shown in "
		"any case."},
    [CONF_NB_TCP_AO] =
	{.key = "tcp-ao",
	 .type = &conf_type_list,
	 AT(conf_neighbor, tcp_ao),
	 .elem = &(const struct conf_row){.type = &conf_type_map, .table = &ao_key_table},
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "none",
	 .doc = "Keys of the TCP Authentication Option (RFC 5925), at most 16: the first one signs what is sent until the "
		"neighbor asks for another, and all of them are good for what is received. Not together with password. "
		"The kernel must have it (Linux 6.7 with CONFIG_TCP_AO); where it does not, the neighbor stays down and "
		"its last error says so: it is never spoken to without."},
    [CONF_NB_DEFAULT_ORIGINATE] =
	{.key = "default-originate",
	 .type = &conf_type_words,
	 AT(conf_neighbor, default_originate),
	 .words = family_words,
	 .effect = CONF_EFFECT_POLICY,
	 .def_doc = "none",
	 .doc = "Families in which it is sent a default route of our own, with our address as next hop, whether or not the "
		"RIB has one and whatever export says; a default route that the RIB has is not sent to it then. The route "
		"is in nobody's RIB and kernel but the neighbor's."},
    [CONF_NB_CLUSTER_ID] =
	{.key = "cluster-id",
	 .type = &conf_type_router_id,
	 AT(conf_neighbor, cluster_id),
	 .effect = CONF_EFFECT_POLICY,
	 .def_doc = "that of the router",
	 .doc = "Identifier of the cluster that the neighbor is in (RFC 4456), for configurations that are made neighbor by "
		"neighbor: it is then also that of the router, so all that are said must be the same. Only for internal "
		"neighbors."},
    [CONF_NB_DEBUG] =
	{.key = "debug",
	 .type = &conf_type_word,
	 AT(conf_neighbor, debug),
	 .words = debug_words,
	 .def = "off",
	 .effect = CONF_EFFECT_NONE,
	 .doc = "Log each message to and from it in words, at level info; with hex its octets too. At most 200 lines a "
		"second for a neighbor and 1000 for all are written, the messages left out are counted. The command "
		"bgpctl neighbor debug changes it while the daemon runs."},
    [CONF_NB_TABLE] =
	{.key = "table",
	 .type = &conf_type_number,
	 AT(conf_neighbor, table),
	 .min = 1,
	 .max = UINT32_MAX,
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "kernel.table",
	 .doc = "Kernel routing table that its routes are for. All neighbors of one table are told each other's routes and no "
		"others: a table has a RIB, best paths and kernel routes of its own. Networks, statics, aggregates, "
		"connected and learned routes are of kernel.table alone; kernel.export and the rest of kernel are for all "
		"tables. Next hops resolve through the addresses of all interfaces outside VRFs, others' routes in this table and the "
		"main one, and what neighbors of this table have told. Each table has a thread, some 300 KB before its first "
		"route, and 126 GB of addresses, which are not memory but must not be limited (ulimit -v). At most 64 "
		"tables; nexthop objects of each have numbers from 268435456 on that no other has, for which two must not "
		"differ by a multiple of 61440."},
    [CONF_NB_VRF] =
	{.key = "vrf",
	 .type = &conf_type_string,
	 AT(conf_neighbor, vrf),
	 .max = 15,
	 .unit = "the name of a VRF's device",
	 .effect = CONF_EFFECT_RESET,
	 .def_doc = "none",
	 .doc = "VRF that its sessions are in, by the name of the device (ip link add NAME type vrf table N). Its routes are "
		"for the table of that device, and all that table says is so for them, but next hops resolve through "
		"the interfaces of the VRF, others' routes in its table and what its neighbors have told, and through "
		"nothing else; neighbors of other tables resolve nothing through interfaces of a VRF. Two VRFs may have "
		"neighbors with the same address, whose names are then ADDRESS@VRF unless they are given. We listen in the "
		"VRF, too, on the addresses of router.listen that are 0.0.0.0, :: or on its interfaces. Where there is no "
		"such device, or where it is down, its neighbors wait for it, and their last error says what to do; when "
		"it goes their sessions end. It may come back with another table. Not together with table; nor may another "
		"VRF, neighbors' table or kernel.table be its table."},
};
_Static_assert(ARRAY_LEN(neighbor_rows) == CONF_NB_KEYS, "a row for each key");

const struct conf_table conf_schema_neighbor = {TABLE(neighbor_rows),
						.size = sizeof(struct conf_neighbor),
						.pos_offset = offsetof(struct conf_neighbor, pos),
						.choice =
						    "{\"oneOf\": [{\"required\": [\"address\"]}, {\"required\": "
						    "[\"interface\"]}, {\"required\": [\"prefix\"]}]}",
						.has_key = true,
						.key_row = CONF_NB_NAME,
						.block = true,
						.prepare = tree_merge_group,
						.finish = check_neighbor};
