/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: the keys of a policy's rule; see schema.h.
 *
 * None of match and set has a default: a key that is not there does nothing.
 */
#include "conf/load.h"
#include "conf/schema.h"
#include "conf/schema_parts.h"

static const struct conf_table match_table;

static const struct conf_word source_words[] = {
    {"kernel", CONF_SOURCE_KERNEL},       {"static", CONF_SOURCE_STATIC},
    {"connected", CONF_SOURCE_CONNECTED}, {"bgp", CONF_SOURCE_BGP},
    {"aggregate", CONF_SOURCE_AGGREGATE}, {0}};
static const struct conf_word type_words[] = {{"internal", CONF_INTERNAL}, {"external", CONF_EXTERNAL}, {"confederation", CONF_CONFEDERATION}, {0}};
static const struct conf_word origin_bits[] = {{"igp", 1u << CONF_ORIGIN_IGP},
					       {"egp", 1u << CONF_ORIGIN_EGP},
					       {"incomplete", 1u << CONF_ORIGIN_INCOMPLETE},
					       {0}};
static const struct conf_word origin_words[] = {
    {"igp", CONF_ORIGIN_IGP}, {"egp", CONF_ORIGIN_EGP}, {"incomplete", CONF_ORIGIN_INCOMPLETE}, {0}};
static const struct conf_word action_words[] = {
    {"accept", CONF_ACTION_ACCEPT}, {"reject", CONF_ACTION_REJECT}, {"next", CONF_ACTION_NEXT}, {0}};
static const struct conf_word of_metric[] = {{"metric", CONF_EXPR_COMPLEMENT_METRIC}, {0}};
static const struct conf_word of_preference[] = {{"local-preference", CONF_EXPR_COMPLEMENT_LOCAL_PREFERENCE},
						 {0}};

static const struct conf_row match_rows[] = {
    [CONF_MATCH_PREFIX_SET] = {.key = "prefix-set",
			       .type = &conf_type_list,
			       AT(conf_match, prefix_set),
			       .elem = &(const struct conf_row){.type = &conf_type_prefix_arg},
			       .flags = CONF_ROW_ONE_OR_LIST,
			       .min = 1,
			       .doc = "The prefix is in the set of this name, or meets this entry."},
    [CONF_MATCH_COMMUNITY_SET] =
	{.key = "community-set",
	 .type = &conf_type_list,
	 AT(conf_match, community_set),
	 .elem = &(const struct conf_row){.type = &conf_type_community_arg},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .min = 1,
	 .doc = "It has a community of the set of this name, or one that meets this pattern."},
    [CONF_MATCH_SOURCE] = {.key = "source",
			   .type = &conf_type_words,
			   AT(conf_match, source),
			   .words = source_words,
			   .doc = "Where the route comes from: kernel, static, connected, bgp or aggregate."},
    [CONF_MATCH_INTERFACE] = {.key = "interface",
			      .type = &conf_type_list,
			      AT(conf_match, interface),
			      .elem = &(const struct conf_row){.type = &conf_type_string,
							       .max = 16,
							       .unit = "a pattern"},
			      .flags = CONF_ROW_ONE_OR_LIST,
			      .min = 1,
			      .doc = "Name of the interface that packets leave through, with * and ?."},
    [CONF_MATCH_KERNEL_PROTOCOL] = {.key = "kernel-protocol",
				    .type = &conf_type_list,
				    AT(conf_match, kernel_protocol),
				    .elem = &(const struct conf_row){.type = &conf_type_rt_protocol},
				    .flags = CONF_ROW_ONE_OR_LIST,
				    .min = 1,
				    .doc = "Who made a route that was learned from the kernel: a name or a "
					   "number 1..255, as ip route shows it. Names "
					   "are redirect, boot, static, ra, zebra, bird, dhcp, babel, bgp, "
					   "isis, ospf, rip and eigrp; calico is 80. "
					   "No other route has one."},
    [CONF_MATCH_NEIGHBOR] = {.key = "neighbor",
			     .type = &conf_type_list,
			     AT(conf_match, neighbor),
			     .elem = &(const struct conf_row){.type = &conf_type_neighbor_ref},
			     .flags = CONF_ROW_ONE_OR_LIST,
			     .min = 1,
			     .doc = "Name of the neighbor that the route came from."},
    [CONF_MATCH_NEIGHBOR_TYPE] = {.key = "neighbor-type",
				  .type = &conf_type_words,
				  AT(conf_match, neighbor_type),
				  .words = type_words,
				  .doc = "Whether that neighbor is internal, in another AS of our confederation, or external."},
    [CONF_MATCH_AS_PATH_SET] = {.key = "as-path-set",
				.type = &conf_type_list,
				AT(conf_match, as_path_set),
				.elem = &(const struct conf_row){.type = &conf_type_as_path_arg},
				.flags = CONF_ROW_ONE_OR_LIST,
				.min = 1,
				.doc =
				    "The AS path meets a pattern of the set of this name, or this pattern."},
    [CONF_MATCH_AS_PATH_PREFIX] = {.key = "as-path-prefix",
				   .type = &conf_type_list,
				   AT(conf_match, as_path_prefix),
				   .elem = &(const struct conf_row){.type = &conf_type_as},
				   .flags = CONF_ROW_ONE_OR_LIST,
				   .min = 1,
				   .doc = "The AS path begins with these AS numbers, in this order."},
    [CONF_MATCH_NEXT_HOP] = {.key = "next-hop",
			     .type = &conf_type_list,
			     AT(conf_match, next_hop),
			     .elem = &(const struct conf_row){.type = &conf_type_prefix},
			     .flags = CONF_ROW_ONE_OR_LIST,
			     .min = 1,
			     .doc = "The NEXT_HOP attribute is this address or inside this prefix."},
    [CONF_MATCH_ORIGIN] = {.key = "origin",
			   .type = &conf_type_words,
			   AT(conf_match, origin),
			   .words = origin_bits,
			   .doc = "The ORIGIN attribute."},
    [CONF_MATCH_PATH_LENGTH] = {.key = "path-length",
				.type = &conf_type_range,
				AT(conf_match, path_length),
				.doc = "Number of ASes in the path, as the decision counts them."},
    [CONF_MATCH_LOCAL_PREFERENCE] = {.key = "local-preference",
				     .type = &conf_type_range,
				     AT(conf_match, local_preference),
				     .doc = "Local preference as it is by now, after earlier rules."},
    [CONF_MATCH_METRIC] = {.key = "metric",
			   .type = &conf_type_range,
			   AT(conf_match, metric),
			   .doc = "Kernel priority; unset counts as 0."},
    [CONF_MATCH_TAG] = {.key = "tag",
			.type = &conf_type_range,
			AT(conf_match, tag),
			.doc = "Tag that an earlier rule has set."},
    [CONF_MATCH_NOT] = {.key = "not",
			.type = &conf_type_map_ptr,
			AT(conf_match, not ),
			.table = &match_table,
			.doc = "Keys as here, which must not all hold."},
};
_Static_assert(ARRAY_LEN(match_rows) == CONF_MATCH_KEYS, "a row for each key");
static const struct conf_table match_table = {TABLE(match_rows), .size = sizeof(struct conf_match)};

static const struct conf_row set_rows[] = {
    [CONF_SET_LOCAL_PREFERENCE] =
	{.key = "local-preference",
	 .type = &conf_type_expr,
	 AT(conf_set, local_preference),
	 .words = of_metric,
	 .doc = "Local preference; complement-of gives 2147483647 less the kernel priority."},
    [CONF_SET_MED] = {.key = "med",
		      .type = &conf_type_number,
		      AT(conf_set, med),
		      .max = UINT32_MAX,
		      .doc = "MULTI_EXIT_DISC: of several ways into our AS a neighbor takes the lowest."},
    [CONF_SET_ORIGIN] = {.key = "origin",
			 .type = &conf_type_word,
			 AT(conf_set, origin),
			 .words = origin_words,
			 .doc = "ORIGIN, a step of the decision: igp is better than egp, and that than incomplete."},
    [CONF_SET_NEXT_HOP] = {.key = "next-hop",
			   .type = &conf_type_set_next_hop,
			   AT(conf_set, next_hop),
			   .doc = "NEXT_HOP: our own address (on export to neighbors alone), or this one."},
    [CONF_SET_PREPEND] =
	{.key = "prepend",
	 .type = &conf_type_list,
	 AT(conf_set, prepend),
	 .elem = &(const struct conf_row){.type = &conf_type_as},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .min = 1,
	 .doc = "AS numbers to put before the path in this order; on export our own AS goes before "
		"them."},
    [CONF_SET_PREFERENCE] =
	{.key = "preference",
	 .type = &conf_type_number,
	 AT(conf_set, preference),
	 .max = 255,
	 .doc = "First step of the decision. Connected routes have 240, static ones 200, those from "
		"BGP 100, those learned from the kernel 10."},
    [CONF_SET_ADD_COMMUNITIES] = {.key = "add-communities",
				  .type = &conf_type_list,
				  AT(conf_set, add_communities),
				  .elem = &(const struct conf_row){.type = &conf_type_community},
				  .flags = CONF_ROW_ONE_OR_LIST,
				  .min = 1,
				  .doc = "Communities to add; those of a set cannot be meant here."},
    [CONF_SET_REMOVE_COMMUNITIES] =
	{.key = "remove-communities",
	 .type = &conf_type_list,
	 AT(conf_set, remove_communities),
	 .elem = &(const struct conf_row){.type = &conf_type_community_arg},
	 .flags = CONF_ROW_ONE_OR_LIST,
	 .min = 1,
	 .doc = "Communities to remove: those of the set of this name, or that meet this "
		"pattern. Removing comes before adding."},
    [CONF_SET_METRIC] = {.key = "metric",
			 .type = &conf_type_expr,
			 AT(conf_set, metric),
			 .words = of_preference,
			 .doc = "Kernel priority; complement-of gives 2147483647 less the local preference."},
    [CONF_SET_TUNNEL] =
	{.key = "tunnel",
	 .type = &conf_type_string,
	 AT(conf_set, tunnel),
	 .max = 15,
	 .unit = "an interface name",
	 .doc = "Interface to send packets through, towards the BGP next hop itself (on kernel export)."},
    [CONF_SET_TAG] = {.key = "tag",
		      .type = &conf_type_number,
		      AT(conf_set, tag),
		      .max = UINT32_MAX,
		      .doc = "A number for later rules to match; it is not announced."},
};
_Static_assert(ARRAY_LEN(set_rows) == CONF_SET_KEYS, "a row for each key");
static const struct conf_table set_table = {TABLE(set_rows), .size = sizeof(struct conf_set)};

static const struct conf_row rule_rows[] = {
    {.key = "match",
     .type = &conf_type_map,
     AT(conf_rule, match),
     .table = &match_table,
     .def_doc = "every route",
     .doc = "What a route has to be like. All keys must hold; a list or a set holds if any element does."},
    {.key = "set",
     .type = &conf_type_map,
     AT(conf_rule, set),
     .table = &set_table,
     .def_doc = "nothing",
     .doc = "What to change in a route that matched."},
    {.key = "action",
     .type = &conf_type_word,
     AT(conf_rule, action),
     .words = action_words,
     .def = "next",
     .doc = "What becomes of it: accepted, rejected, or on to the next rule (and behind the last one, to the "
	    "next "
	    "policy of the list)."},
};
const struct conf_table conf_schema_rule = {TABLE(rule_rows), .size = sizeof(struct conf_rule),
					    .pos_offset = offsetof(struct conf_rule, pos),
					    .finish = check_rule};

void
conf_rule_text(const struct conf_rule *r, struct str *match, struct str *set, struct str *action)
{
	if (r->match.has != 0)
		conf_value_print(&rule_rows[0], &r->match, false, match);
	if (r->set.has != 0)
		conf_value_print(&rule_rows[1], &r->set, false, set);
	conf_value_print(&rule_rows[2], &r->action, false, action);
}
