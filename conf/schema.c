/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: the keys of bgpd.yaml outside neighbours and policies; see schema.h.
 *
 * Rows stand in the order in which they are printed and documented. A row's
 * effect is what a reload has to do when just this key changed; a default that a
 * neighbour takes from the router needs none here, since the neighbour's own
 * value changes with it.
 */
#include "conf/schema.h"

#include "conf/load.h"
#include "conf/schema_parts.h"

/* ---- router ---- */

static const struct conf_row listen_rows[] = {
    {.key = "address",
     .type = &conf_type_addr,
     AT(conf_listen, address),
     .flags = CONF_ROW_REQUIRED,
     .doc = "Own address to listen on; 0.0.0.0 or :: for any."},
    {.key = "port",
     .type = &conf_type_number,
     AT(conf_listen, port),
     .min = 1,
     .max = 65535,
     .def = "179",
     .doc = "TCP port to listen on."},
};
static const struct conf_table listen_table = {TABLE(listen_rows), .size = sizeof(struct conf_listen)};

static const struct conf_row router_gr_rows[] = {
    {.key = "enabled",
     .type = &conf_type_bool,
     AT(conf_graceful_restart, enabled),
     .def = "true",
     .doc =
	 "Announce graceful restart (RFC 4724), and keep the routes of a neighbor that announced it while it "
	 "restarts."},
    {.key = "restart-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, restart_s),
     .max = 4095,
     .unit = "seconds",
     .def = "120",
     .doc = "How long neighbors are asked to wait for us to come back. After a start that found routes of ours in the "
	    "kernel, 15 seconds of it are waited for neighbors that do not come back, and 60 for others' End-of-RIB."},
    {.key = "stale-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, stale_s),
     .min = 1,
     .max = 86400,
     .unit = "seconds",
     .def = "360",
     .doc = "How long stale routes of a neighbor are kept at most, counted from the loss of its session."},
    {.key = "long-lived-time",
     .type = &conf_type_number,
     AT(conf_graceful_restart, long_lived_s),
     .max = 16777215,
     .unit = "seconds",
     .def = "0",
     .doc = "Long-lived graceful restart (RFC 9494): how long neighbors are asked to keep our routes as a last resort "
	    "when the restart time is over, and how long theirs are kept at most; 0 is not at all."},
};
static const struct conf_table router_gr_table = {TABLE(router_gr_rows),
						  .size = sizeof(struct conf_graceful_restart)};

static const struct conf_row drain_rows[] = {
    {.key = "time",
     .type = &conf_type_number,
     AT(conf_drain, time_s),
     .max = 3600,
     .unit = "seconds",
     .def = "30",
     .doc = "How long everybody is given to find other ways before routes are withdrawn and the session ends."},
    {.key = "on-stop",
     .type = &conf_type_bool,
     AT(conf_drain, on_stop),
     .def = "false",
     .doc = "Drain all neighbors before an orderly stop. A second TERM or INT does not wait."},
};
static const struct conf_table drain_table = {TABLE(drain_rows), .size = sizeof(struct conf_drain)};

static const struct conf_row multipath_rows[] = {
    {.key = "ebgp",
     .type = &conf_type_number,
     AT(conf_multipath, ebgp),
     .min = 1,
     .max = 256,
     .def = "16",
     .effect = CONF_EFFECT_POLICY,
     .doc = "How many equally good paths from external neighbors may be used at once; 1 is no multipath."},
    {.key = "ibgp",
     .type = &conf_type_number,
     AT(conf_multipath, ibgp),
     .min = 1,
     .max = 256,
     .def = "16",
     .effect = CONF_EFFECT_POLICY,
     .doc = "The same for paths from internal neighbors."},
    {.key = "as-path-relax",
     .type = &conf_type_bool,
     AT(conf_multipath, as_path_relax),
     .def = "false",
     .effect = CONF_EFFECT_POLICY,
     .doc = "Take AS paths of the same length as equally good even when they differ."},
    {.key = "link-bandwidth",
     .type = &conf_type_bool,
     AT(conf_multipath, link_bandwidth),
     .def = "false",
     .effect = CONF_EFFECT_POLICY,
     .doc = "Share the traffic in the kernel in the ratio of the link-bandwidth communities of the paths in use, with weights "
	    "of 1 to 256. While one of them has none, or one of 0, all get the same. Of several communities the lowest counts."},
};
static const struct conf_table multipath_table = {TABLE(multipath_rows),
						  .size = sizeof(struct conf_multipath)};

static const struct conf_row confederation_rows[] = {
    {.key = "as",
     .type = &conf_type_as,
     AT(conf_confederation, as),
     .flags = CONF_ROW_REQUIRED,
     .effect = CONF_EFFECT_RESET,
     .doc = "Number of the whole confederation: who is outside of it sees this one in place of router.as, in OPEN and "
	    "in AS paths."},
    {.key = "members",
     .type = &conf_type_list,
     AT(conf_confederation, members),
     .elem = &(const struct conf_row){.type = &conf_type_as},
     .flags = CONF_ROW_ONE_OR_LIST,
     .def_doc = "none",
     .effect = CONF_EFFECT_RESET,
     .doc = "AS numbers of the other members. A neighbor whose remote-as is one of them is in the confederation: it is "
	    "sent and may send LOCAL_PREF, next hops and MED stay as they are, and policies have the same defaults as "
	    "for internal ones."},
};
static const struct conf_table confederation_table = {TABLE(confederation_rows),
						      .size = sizeof(struct conf_confederation)};

static const struct conf_row router_rows[] = {
    [CONF_ROUTER_AS] = {.key = "as",
			.type = &conf_type_as,
			AT(conf_router, as),
			.flags = CONF_ROW_REQUIRED,
			.effect = CONF_EFFECT_RESET,
			.doc = "Own AS number, as a number or as asdot (1.10). 0 and 23456 are nobody's."},
    [CONF_ROUTER_ID] = {.key = "id",
			.type = &conf_type_router_id,
			AT(conf_router, id),
			.def_doc = "the highest own IPv4 address; it is an error at start if there is none",
			.effect = CONF_EFFECT_RESET,
			.doc = "BGP identifier, written as an IPv4 address."},
    [CONF_ROUTER_CLUSTER_ID] = {.key = "cluster-id",
				.type = &conf_type_router_id,
				AT(conf_router, cluster_id),
				.def_doc = "the id",
				.effect = CONF_EFFECT_POLICY,
				.doc =
				    "Identifier of the cluster that this route reflector serves (RFC 4456). "
				    "Reflectors of one cluster share it."},
    [CONF_ROUTER_LISTEN] = {.key = "listen",
			    .type = &conf_type_list,
			    AT(conf_router, listen),
			    .elem = &(const struct conf_row){.type = &conf_type_map, .table = &listen_table},
			    .def_doc = "0.0.0.0 and :: on port 179",
			    .doc = "Where to wait for connections. An empty list listens nowhere."},
    [CONF_ROUTER_HOLD_TIME] = {.key = "hold-time",
			       .type = &conf_type_number,
			       AT(conf_router, hold_s),
			       .min = 3,
			       .max = 65535,
			       .zero = true,
			       .unit = "seconds",
			       .def = "90",
			       .doc = "Hold time of neighbors that set none themselves: how long a session lives without a "
				      "message. A shorter one finds a dead neighbor sooner; 0 is never."},
    [CONF_ROUTER_GRACEFUL_RESTART] = {.key = "graceful-restart",
				      .type = &conf_type_map,
				      AT(conf_router, graceful_restart),
				      .table = &router_gr_table,
				      .flags = CONF_ROW_ALWAYS,
				      .doc = "What neighbors that set nothing themselves do about restarts."},
    [CONF_ROUTER_MULTIPATH] = {.key = "multipath",
			       .type = &conf_type_map,
			       AT(conf_router, multipath),
			       .table = &multipath_table,
			       .flags = CONF_ROW_ALWAYS,
			       .doc = "Use of several paths to one prefix at the same time."},
    [CONF_ROUTER_DEFAULT_LOCAL_PREFERENCE] = {.key = "default-local-preference",
					      .type = &conf_type_number,
					      AT(conf_router, default_local_preference),
					      .max = UINT32_MAX,
					      .def = "100",
					      .effect = CONF_EFFECT_POLICY,
					      .doc = "Local preference of routes that come without one."},
    [CONF_ROUTER_RESOLVE_VIA_DEFAULT] = {.key = "resolve-via-default",
					 .type = &conf_type_bool,
					 AT(conf_router, resolve_via_default),
					 .def = "false",
					 .effect = CONF_EFFECT_POLICY,
					 .doc =
					     "Whether a next hop may be reached through the default route."},
    [CONF_ROUTER_DRAIN] = {.key = "drain",
			   .type = &conf_type_map,
			   AT(conf_router, drain),
			   .table = &drain_table,
			   .flags = CONF_ROW_ALWAYS,
			   .doc = "Sessions that end on purpose, without loss (RFC 8326): everything is announced "
				  "with the community graceful-shutdown first, and withdrawn later."},
    [CONF_ROUTER_CONFEDERATION] = {.key = "confederation",
				   .type = &conf_type_map,
				   AT(conf_router, confederation),
				   .table = &confederation_table,
				   .effect = CONF_EFFECT_RESET,
				   .def_doc = "none",
				   .doc = "The confederation (RFC 5065) that router.as is a member of."},
    [CONF_ROUTER_MEMORY_LIMIT] =
	{.key = "memory-limit",
	 .type = &conf_type_size,
	 AT(conf_router, memory_limit),
	 .min = 16u << 20,
	 .def_doc = "none",
	 .doc = "Memory that the daemon may use. From 80 parts in a hundred of it on the log and show summary warn. Once all "
		"is used, neighbors keep and may change what they have, and what they had at 80 is kept for them; paths "
		"beyond that are refused, and asked for again when at most 90 are used and they fit. Own routes are never "
		"refused. See MEMORY LIMIT in bgpd(8). A change counts at once."},
    [CONF_ROUTER_USER] = {.key = "user",
			  .type = &conf_type_string,
			  AT(conf_router, user),
			  .max = 32,
			  .unit = "a user name",
			  .def_doc = "stay the user who started the daemon",
			  .effect = CONF_EFFECT_RESTART,
			  .doc = "User to become when started as root, with its groups and control.group. It has to be able "
				 "to read the configuration with all that it includes and all password files, and to make "
				 "and remove files where the sockets are."},
};
static const struct conf_table router_table = {TABLE(router_rows), .size = sizeof(struct conf_router),
					       .block = true, .finish = check_router};

/* ---- own routes ---- */

static const struct conf_row while_rows[] = {
    [CONF_WHILE_TCP] = {.key = "tcp",
			.type = &conf_type_endpoint,
			AT(conf_while, tcp),
			.def_doc = "none",
			.doc = "A TCP connection to this address and port can be opened."},
    [CONF_WHILE_HTTP] = {.key = "http",
			 .type = &conf_type_string,
			 AT(conf_while, http),
			 .unit = "a URL",
			 .def_doc = "none",
			 .doc = "A GET of this URL, http:// with an address and not a name, is answered with a status of "
				"200 to 399."},
    [CONF_WHILE_FILE] = {.key = "file",
			 .type = &conf_type_string,
			 AT(conf_while, file),
			 .unit = "a path",
			 .def_doc = "none",
			 .doc = "There is a file of this name."},
    [CONF_WHILE_INTERFACE] = {.key = "interface",
			      .type = &conf_type_string,
			      AT(conf_while, interface),
			      .max = 15,
			      .unit = "an interface name",
			      .def_doc = "none",
			      .doc = "There is an interface of this name that is up. That is followed at once, without "
				     "the keys below."},
    [CONF_WHILE_INTERVAL] = {.key = "interval",
			     .type = &conf_type_number,
			     AT(conf_while, interval_s),
			     .min = 1,
			     .max = 3600,
			     .unit = "seconds",
			     .def = "5",
			     .doc = "Time from one check to the next."},
    [CONF_WHILE_TIMEOUT] = {.key = "timeout",
			    .type = &conf_type_number,
			    AT(conf_while, timeout_s),
			    .min = 1,
			    .max = 60,
			    .unit = "seconds",
			    .def = "2",
			    .doc = "How long a check may take."},
    [CONF_WHILE_RISE] = {.key = "rise",
			 .type = &conf_type_number,
			 AT(conf_while, rise),
			 .min = 1,
			 .max = 100,
			 .def = "2",
			 .doc = "Good checks in a row after which the network is announced; of a new check the first "
				"one decides."},
    [CONF_WHILE_FALL] = {.key = "fall",
			 .type = &conf_type_number,
			 AT(conf_while, fall),
			 .min = 1,
			 .max = 100,
			 .def = "3",
			 .doc = "Failed checks in a row after which it is withdrawn."},
};
static const struct conf_table while_table = {TABLE(while_rows), .size = sizeof(struct conf_while),
					      .choice = "{\"oneOf\": [{\"required\": [\"tcp\"]}, {\"required\": [\"http\"]}, "
							"{\"required\": [\"file\"]}, {\"required\": [\"interface\"]}]}",
					      .finish = check_while};

static const struct conf_row network_rows[] = {
    [CONF_NET_PREFIX] = {.key = "prefix",
			 .type = &conf_type_prefix,
			 AT(conf_network, prefix),
			 .flags = CONF_ROW_REQUIRED,
			 .doc = "The prefix to originate."},
    [CONF_NET_BLACKHOLE] =
	{.key = "blackhole",
	 .type = &conf_type_bool,
	 AT(conf_network, blackhole),
	 .def = "false",
	 .doc = "Also put a blackhole route for it into the kernel, so that packets to addresses "
		"that nobody has do not come back by a default route."},
    [CONF_NET_MED] = {.key = "med",
		      .type = &conf_type_number,
		      AT(conf_network, med),
		      .max = UINT32_MAX,
		      .def_doc = "none",
		      .doc = "MULTI_EXIT_DISC to announce it with: of several ways into our AS a neighbor takes the lowest."},
    [CONF_NET_LOCAL_PREFERENCE] = {.key = "local-preference",
				   .type = &conf_type_number,
				   AT(conf_network, local_preference),
				   .max = UINT32_MAX,
				   .def_doc = "router.default-local-preference",
				   .doc = "Local preference, which internal neighbors compare first: the highest wins."},
    [CONF_NET_COMMUNITIES] = {.key = "communities",
			      .type = &conf_type_list,
			      AT(conf_network, communities),
			      .elem = &(const struct conf_row){.type = &conf_type_community},
			      .def_doc = "none",
			      .doc = "Communities of any kind to announce it with."},
    [CONF_NET_WHILE] = {.key = "while",
			.type = &conf_type_map,
			AT(conf_network, condition),
			.table = &while_table,
			.def_doc = "none: always",
			.doc = "Announce it only while something holds: exactly one of tcp, http, file and interface. "
			       "Nothing is executed."},
};
static const struct conf_table network_table = {TABLE(network_rows), .size = sizeof(struct conf_network),
						.pos_offset = offsetof(struct conf_network, pos),
						.has_key = true, .key_row = CONF_NET_PREFIX,
						.finish = check_network};

static const struct conf_row static_rows[] = {
    {.key = "prefix",
     .type = &conf_type_prefix,
     AT(conf_static, prefix),
     .flags = CONF_ROW_REQUIRED,
     .doc = "Destination of the route."},
    {.key = "via",
     .type = &conf_type_addr,
     AT(conf_static, via),
     .def_doc = "none",
     .doc = "Address of the next hop; a link-local one needs interface too."},
    {.key = "interface",
     .type = &conf_type_string,
     AT(conf_static, interface),
     .max = 15,
     .unit = "an interface name",
     .def_doc = "none",
     .doc = "Outgoing interface; the route is there while it is up."},
    {.key = "blackhole",
     .type = &conf_type_bool,
     AT(conf_static, blackhole),
     .def = "false",
     .doc = "Drop packets silently."},
    {.key = "unreachable",
     .type = &conf_type_bool,
     AT(conf_static, unreachable),
     .def = "false",
     .doc = "Drop packets and answer with ICMP unreachable."},
};
static const struct conf_table static_table = {TABLE(static_rows),
					       .size = sizeof(struct conf_static),
					       .choice =
						   "{\"anyOf\": [{\"required\": [\"via\"]}, {\"required\": [\"interface\"]}, "
						   "{\"required\": [\"blackhole\"]}, {\"required\": [\"unreachable\"]}]}",
					       .pos_offset = offsetof(struct conf_static, pos),
					       .has_key = true,
					       .key_row = 0,
					       .finish = check_static};

static const struct conf_row aggregate_rows[] = {
    [CONF_AGG_PREFIX] = {.key = "prefix",
			 .type = &conf_type_prefix,
			 AT(conf_aggregate, prefix),
			 .flags = CONF_ROW_REQUIRED,
			 .doc = "The prefix to announce as long as a more specific one is there."},
    [CONF_AGG_SUMMARY_ONLY] = {.key = "summary-only",
			       .type = &conf_type_bool,
			       AT(conf_aggregate, summary_only),
			       .def = "false",
			       .doc = "Do not announce the more specific ones, but for other aggregates, while it is "
				      "there."},
    [CONF_AGG_BLACKHOLE] = {.key = "blackhole",
			    .type = &conf_type_bool,
			    AT(conf_aggregate, blackhole),
			    .def = "false",
			    .doc = "Also put a blackhole route for it into the kernel while it is there, so that packets "
				   "to addresses that no more specific one covers do not come back by a default route."},
    [CONF_AGG_MED] = {.key = "med",
		      .type = &conf_type_number,
		      AT(conf_aggregate, med),
		      .max = UINT32_MAX,
		      .def_doc = "none",
		      .doc = "MULTI_EXIT_DISC to announce it with: of several ways into our AS a neighbor takes the lowest."},
    [CONF_AGG_LOCAL_PREFERENCE] = {.key = "local-preference",
				   .type = &conf_type_number,
				   AT(conf_aggregate, local_preference),
				   .max = UINT32_MAX,
				   .def_doc = "router.default-local-preference",
				   .doc = "Local preference, which internal neighbors compare first: the highest wins."},
    [CONF_AGG_COMMUNITIES] = {.key = "communities",
			      .type = &conf_type_list,
			      AT(conf_aggregate, communities),
			      .elem = &(const struct conf_row){.type = &conf_type_community},
			      .def_doc = "none",
			      .doc = "Communities of any kind to announce it with."},
};
static const struct conf_table aggregate_table = {TABLE(aggregate_rows), .size = sizeof(struct conf_aggregate),
						  .pos_offset = offsetof(struct conf_aggregate, pos),
						  .has_key = true, .key_row = CONF_AGG_PREFIX,
						  .finish = check_aggregate};

/* ---- kernel ---- */

static const struct conf_row connected_rows[] = {
    {.key = "interfaces",
     .type = &conf_type_list,
     AT(conf_connected, interfaces),
     .elem = &(const struct conf_row){.type = &conf_type_string, .max = 16, .unit = "a pattern"},
     .flags = CONF_ROW_REQUIRED | CONF_ROW_ONE_OR_LIST,
     .effect = CONF_EFFECT_POLICY,
     .doc = "Patterns of interface names with * and ?; the first that matches decides, and a leading - "
	    "excludes. An interface that none matches is left out."},
};
static const struct conf_table connected_table = {TABLE(connected_rows),
						  .size = sizeof(struct conf_connected)};

static const struct conf_word nexthop_object_words[] = {{"auto", CONF_NHO_AUTO}, {"off", CONF_NHO_OFF}, {0}};

static const struct conf_row kernel_rows[] = {
    [CONF_KERNEL_TABLE] = {.key = "table",
			   .type = &conf_type_number,
			   AT(conf_kernel, table),
			   .min = 1,
			   .max = UINT32_MAX,
			   .def = "254",
			   .effect = CONF_EFFECT_POLICY,
			   .doc = "Kernel routing table to work with; 254 is the main one. Neighbors may have others: see table "
				  "and vrf there."},
    [CONF_KERNEL_PROTOCOL] =
	{.key = "protocol",
	 .type = &conf_type_number,
	 AT(conf_kernel, protocol),
	 .min = 5,
	 .max = 255,
	 .def = "186",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Protocol number of our routes in the kernel, by which they are told from those "
		"of others; 186 is bgp, 12 is bird. Each bgpd on a host needs its own, whatever its table: "
		"nexthop objects belong to no table."},
    [CONF_KERNEL_METRIC] =
	{.key = "metric",
	 .type = &conf_type_number,
	 AT(conf_kernel, metric),
	 .max = UINT32_MAX,
	 .def = "20",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Kernel priority of our routes where no policy sets one; 0 leaves it to the kernel, "
		"which takes 0 for IPv4 and 1024 for IPv6."},
    [CONF_KERNEL_EXPORT] = {.key = "export",
			    .type = &conf_type_list,
			    AT(conf_kernel, export),
			    .elem = &(const struct conf_row){.type = &conf_type_policy_ref},
			    .flags = CONF_ROW_ONE_OR_LIST,
			    .def = "accept",
			    .effect = CONF_EFFECT_POLICY,
			    .doc = "Policies that decide which best paths are put into the kernel."},
    [CONF_KERNEL_LEARN] =
	{.key = "learn",
	 .type = &conf_type_list,
	 AT(conf_kernel, learn),
	 .elem = &(const struct conf_row){.type = &conf_type_policy_ref},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .def = "reject",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Policies that decide which kernel routes of others become routes of ours, to be "
		"announced. Never do those that do not say who made them (protocol 0), nor the kernel's own."},
    [CONF_KERNEL_CONNECTED] = {.key = "connected",
			       .type = &conf_type_map,
			       AT(conf_kernel, connected),
			       .table = &connected_table,
			       .effect = CONF_EFFECT_POLICY,
			       .def_doc = "none are taken; next hops resolve through them all the same",
			       .doc = "Makes routes of the prefixes on own interfaces."},
    [CONF_KERNEL_NEXTHOP_OBJECTS] =
	{.key = "nexthop-objects",
	 .type = &conf_type_word,
	 AT(conf_kernel, nexthop_objects),
	 .words = nexthop_object_words,
	 .def = "auto",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Whether to use the kernel's next-hop objects where it has them. Turn it off "
		"if other programs have to read our routes and do not know them. Ours have our protocol "
		"number and, as numbers of their own, protocol x 1048576 and up, those for tables of neighbors "
		"268435456 and up. Who names one in a route or group of his own loses that with it. Without carrier the kernel drops them and "
		"their routes, and they are put back when it returns. A change replaces the routes in place."},
    [CONF_KERNEL_KEEP_ON_STOP] = {.key = "keep-on-stop",
				  .type = &conf_type_bool,
				  AT(conf_kernel, keep_on_stop),
				  .def = "false",
				  .doc = "Leave our routes in the kernel on an orderly stop, as before a restart: "
					 "neighbors with graceful restart lose their session without a "
					 "NOTIFICATION, so that they keep our routes."},
    [CONF_KERNEL_AUDIT_INTERVAL] =
	{.key = "audit-interval",
	 .type = &conf_type_number,
	 AT(conf_kernel, audit_interval_s),
	 .max = 86400,
	 .def = "60",
	 .unit = "seconds",
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Seconds between two rounds of the audit, which compares the kernel's routes and next-hop objects with "
		"what they should be, at two parts in a hundred of a processor, and repairs what nobody has told of; "
		"0 turns it off. What it finds is logged and counted (show fib)."},
    [CONF_KERNEL_LEARN_TABLES] =
	{.key = "learn-tables",
	 .type = &conf_type_list,
	 AT(conf_kernel, learn_tables),
	 .elem = &(const struct conf_row){.type = &conf_type_number, .min = 1, .max = UINT32_MAX},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .effect = CONF_EFFECT_POLICY,
	 .def_doc = "none",
	 .doc = "Up to eight further kernel tables whose routes kernel.learn is asked about; those of table and of the main "
		"one are in any case. Next hops do not resolve through them. Of several routes to a prefix one of table "
		"or the main one counts, else that of the table with the lowest number."},
};
static const struct conf_table kernel_table = {TABLE(kernel_rows), .size = sizeof(struct conf_kernel),
					       .block = true, .finish = check_kernel};

/* ---- faces ---- */

static const struct conf_row control_rows[] = {
    {.key = "socket",
     .type = &conf_type_string,
     AT(conf_control, socket),
     .max = 107,
     .unit = "a path",
     .def = "/run/godwit/bgpd.sock",
     .doc = "Unix socket on which bgpctl is answered."},
    {.key = "mode",
     .type = &conf_type_mode,
     AT(conf_control, mode),
     .def = "0660",
     .doc = "Permissions of the socket: who may write to it may do all that bgpctl can."},
    {.key = "group",
     .type = &conf_type_string,
     AT(conf_control, group),
     .max = 32,
     .unit = "a group name",
     .def_doc = "the group of the daemon",
     .doc = "Group that the socket belongs to."},
};
static const struct conf_table control_table = {TABLE(control_rows), .size = sizeof(struct conf_control)};

static const struct conf_row bird_rows[] = {
    {.key = "ipv4",
     .type = &conf_type_string,
     AT(conf_bird_sockets, ipv4),
     .max = 107,
     .unit = "a path",
     .def_doc = "off",
     .doc = "Unix socket that answers as BIRD 1.6 does: neighbors with IPv4 addresses, and IPv4 routes."},
    {.key = "ipv6",
     .type = &conf_type_string,
     AT(conf_bird_sockets, ipv6),
     .max = 107,
     .unit = "a path",
     .def_doc = "off",
     .doc = "The same for IPv6, as bird6 answers."},
};
static const struct conf_table bird_table = {TABLE(bird_rows), .size = sizeof(struct conf_bird_sockets),
					     .finish = check_bird_sockets};

static const struct conf_word metrics_neighbors_words[] = {{"each", CONF_METRICS_EACH},
							     {"group", CONF_METRICS_GROUP},
							     {"remote-as", CONF_METRICS_REMOTE_AS},
							     {"none", CONF_METRICS_NONE},
							     {0}};

static const struct conf_row metrics_rows[] = {
    {.key = "listen",
     .type = &conf_type_endpoint,
     AT(conf_metrics, listen),
     .flags = CONF_ROW_REQUIRED,
     .doc = "Address and port on which /metrics, in the format of OpenMetrics, /healthz and /readyz are served over HTTP."},
    {.key = "neighbors",
     .type = &conf_type_word,
     AT(conf_metrics, neighbors),
     .words = metrics_neighbors_words,
     .def = "each",
     .doc = "How much /metrics and bgpctl show metrics say of neighbors: all of each, which is some forty series for "
	    "one, so that in a mesh of n routers a collector has 40 times n times n of them; sums of those of a group, by "
	    "its name (for one without a group the empty name, for one of a range without a group the range's); sums of "
	    "those with the same remote-as; or nothing but how many there are in each state and how many are down. "
	    "See godwit-metrics(7)."},
};
static const struct conf_table metrics_table = {TABLE(metrics_rows), .size = sizeof(struct conf_metrics)};

static const struct conf_word level_words[] = {
    {"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {0}};
static const struct conf_word format_words[] = {{"text", CONF_LOG_TEXT}, {"json", CONF_LOG_JSON}, {0}};

static const struct conf_row log_rows[] = {
    {.key = "level",
     .type = &conf_type_word,
     AT(conf_log, level),
     .words = level_words,
     .def = "info",
     .doc = "The least important events that are still logged: info has each change of state, debug what led to it."},
    {.key = "format",
     .type = &conf_type_word,
     AT(conf_log, format),
     .words = format_words,
     .def = "text",
     .doc = "Lines of key=value for people, or of JSON for programs."},
};
const struct conf_table conf_schema_log = {TABLE(log_rows), .size = sizeof(struct conf_log)};

/* ---- sets: lists by name ---- */

static const struct conf_row prefix_set_row = {.type = &conf_type_list,
					       AT(conf_prefix_set, entries),
					       .elem =
						   &(const struct conf_row){.type = &conf_type_prefix_entry},
					       .flags = CONF_ROW_ONE_OR_LIST | CONF_ROW_LINES};
static const struct conf_row as_path_set_row = {.type = &conf_type_list,
						AT(conf_as_path_set, entries),
						.elem =
						    &(const struct conf_row){.type = &conf_type_as_pattern},
						.flags = CONF_ROW_ONE_OR_LIST | CONF_ROW_LINES};
static const struct conf_row community_set_row = {
    .type = &conf_type_list,
    AT(conf_community_set, entries),
    .elem = &(const struct conf_row){.type = &conf_type_community_pattern},
    .flags = CONF_ROW_ONE_OR_LIST | CONF_ROW_LINES};
static const struct conf_row policy_row = {
    .type = &conf_type_list,
    AT(conf_policy, rules),
    .elem = &(const struct conf_row){.type = &conf_type_map, .table = &conf_schema_rule},
    .flags = CONF_ROW_LINES};

/* ---- the file ---- */

static const struct conf_row root_rows[] = {
    [CONF_SEC_ROUTER] = {.key = "router",
			 .type = &conf_type_map,
			 AT(conf, router),
			 .table = &router_table,
			 .flags = CONF_ROW_REQUIRED,
			 .doc = "The daemon as a whole."},
    [CONF_SEC_GROUPS] =
	{.key = "groups",
	 .type = &conf_type_named,
	 .elem = &(const struct conf_row){.type = &conf_type_map, .table = &conf_schema_neighbor},
	 .flags = CONF_ROW_TREE,
	 .doc = "Settings that neighbors share, by name: any key of a neighbor that is not its own "
		"alone. A scalar or list of the neighbor itself replaces the group's, maps merge one "
		"level deep."},
    [CONF_SEC_NEIGHBORS] = {.key = "neighbors",
			    .type = &conf_type_list,
			    AT(conf, neighbors),
			    .elem = &(const struct conf_row){.type = &conf_type_map,
							     .table = &conf_schema_neighbor,
							     .effect = CONF_EFFECT_RESET},
			    .flags = CONF_ROW_LINES,
			    .doc = "Those to speak BGP with: each has an address, an interface or a prefix, and a remote-as, "
				   "of its own or of its group."},
    [CONF_SEC_NETWORKS] = {.key = "networks",
			   .type = &conf_type_list,
			   AT(conf, networks),
			   .elem = &(const struct conf_row){.type = &conf_type_map, .table = &network_table},
			   .flags = CONF_ROW_LINES,
			   .doc = "Prefixes to originate, whether or not the kernel has a route to them."},
    [CONF_SEC_STATICS] =
	{.key = "statics",
	 .type = &conf_type_list,
	 AT(conf, statics),
	 .elem = &(const struct conf_row){.type = &conf_type_map, .table = &static_table},
	 .flags = CONF_ROW_LINES,
	 .doc = "Kernel routes of our own, which are also routes of source static. Each has a next "
		"hop (via, interface or both), or is a blackhole, or unreachable."},
    [CONF_SEC_AGGREGATES] = {.key = "aggregates",
			     .type = &conf_type_list,
			     AT(conf, aggregates),
			     .elem =
				 &(const struct conf_row){.type = &conf_type_map, .table = &aggregate_table},
			     .flags = CONF_ROW_LINES,
			     .doc =
				 "Prefixes to announce while the best path of a more specific one is there that is "
				 "not an aggregate itself. The route has the source aggregate and the preference of "
				 "a static one; its AS path is empty, never an AS_SET (RFC 9774), and it has "
				 "ATOMIC_AGGREGATE, and AGGREGATOR with router.as, or the confederation's number, and router.id."},
    [CONF_SEC_KERNEL] = {.key = "kernel",
			 .type = &conf_type_map,
			 AT(conf, kernel),
			 .table = &kernel_table,
			 .flags = CONF_ROW_ALWAYS,
			 .doc = "Routes to and from the kernel."},
    [CONF_SEC_PREFIX_SETS] =
	{.key = "prefix-sets",
	 .type = &conf_type_named,
	 AT(conf, prefix_sets),
	 .elem = &prefix_set_row,
	 .elem_size = sizeof(struct conf_prefix_set),
	 .effect = CONF_EFFECT_POLICY,
	 .doc = "Lists of prefixes by name. An entry is a prefix alone, or followed by le N (its "
		"length up to N), ge N (N and longer), both, or in (it and all inside it)."},
    [CONF_SEC_AS_PATH_SETS] = {.key = "as-path-sets",
			       .type = &conf_type_named,
			       AT(conf, as_path_sets),
			       .elem = &as_path_set_row,
			       .elem_size = sizeof(struct conf_as_path_set),
			       .effect = CONF_EFFECT_POLICY,
			       .doc = "Lists of AS-path patterns by name; see AS-PATH PATTERNS."},
    [CONF_SEC_COMMUNITY_SETS] = {.key = "community-sets",
				 .type = &conf_type_named,
				 AT(conf, community_sets),
				 .elem = &community_set_row,
				 .elem_size = sizeof(struct conf_community_set),
				 .effect = CONF_EFFECT_POLICY,
				 .doc = "Lists of communities by name; see COMMUNITIES."},
    [CONF_SEC_POLICIES] = {.key = "policies",
			   .type = &conf_type_named,
			   AT(conf, policies),
			   .elem = &policy_row,
			   .elem_size = sizeof(struct conf_policy),
			   .effect = CONF_EFFECT_POLICY,
			   .doc = "Lists of rules by name; see POLICIES."},
    [CONF_SEC_CONTROL] = {.key = "control",
			  .type = &conf_type_map,
			  AT(conf, control),
			  .table = &control_table,
			  .flags = CONF_ROW_ALWAYS,
			  .doc = "The control socket; the command line may override it."},
    [CONF_SEC_BIRD_SOCKETS] = {.key = "bird-sockets",
			       .type = &conf_type_map,
			       AT(conf, bird_sockets),
			       .table = &bird_table,
			       .def_doc = "off",
			       .doc = "Sockets for programs that ask BIRD, with mode 0660; see BIRD SOCKETS in bgpd(8)."},
    [CONF_SEC_METRICS] = {.key = "metrics",
			  .type = &conf_type_map,
			  AT(conf, metrics),
			  .table = &metrics_table,
			  .def_doc = "off",
			  .doc = "Metrics for Prometheus."},
    [CONF_SEC_LOG] = {.key = "log",
		      .type = &conf_type_map,
		      AT(conf, log),
		      .table = &conf_schema_log,
		      .flags = CONF_ROW_ALWAYS,
		      .doc = "The log on standard error."},
    [CONF_SEC_INCLUDE] =
	{.key = "include",
	 .type = &conf_type_list,
	 .elem = &(const struct conf_row){.type = &conf_type_string, .unit = "a pattern of paths"},
	 .flags = CONF_ROW_TREE | CONF_ROW_ONE_OR_LIST,
	 .doc = "Further files to read, as shell patterns relative to this file. Their lists are "
		"appended to those here, their maps merged; a key that is there twice is an error."},
};
const struct conf_table conf_schema = {TABLE(root_rows), .size = sizeof(struct conf), .block = true,
				       .finish = check_root};
