/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_log: see update_log.h. A line of the log and a value in it are bounded,
 * so that lists and messages go into as many lines as they need.
 */
#include "bgpd/update_log.h"

#include "bgpd/nlri.h"
#include "lib/log.h"
#include "lib/str.h"

#define LIST_MAX    900 /* octets of text in a line */
#define DUMP_OCTETS 480 /* of the message in a line */

static void
log_list(const char *neighbor, struct str *list)
{
	if (list->len > 0)
		log_warn("neighbor.update.prefixes", LOG_S("neighbor", neighbor), LOG_S("list", str_get(list)));
	str_reset(list);
}

static void
log_nlri(const char *neighbor, const struct update_nlri *field)
{
	struct rbuf r = rbuf_of(field->p, field->len);
	char text[IP_PREFIX_STRLEN];
	struct str list = {0};
	struct nlri n;

	if (field->family == FAMILY_NONE)
		return;
	while (nlri_next(&r, (enum family)field->family, field->add_path, &n) == NLRI_OK) {
		str_addf(&list, "%s%s", list.len > 0 ? " " : "", ip_prefix_str(&n.prefix, text, sizeof text));
		if (list.len > LIST_MAX)
			log_list(neighbor, &list);
	}
	log_list(neighbor, &list);
	str_free(&list);
}

static void
log_message(const char *neighbor, const uint8_t *msg, size_t len)
{
	struct str hex = {0};

	for (size_t at = 0; at < len; at += DUMP_OCTETS) {
		for (size_t i = at; i < len && i < at + DUMP_OCTETS; i++)
			str_addf(&hex, "%02x", msg[i]);
		log_warn("neighbor.update.message", LOG_S("neighbor", neighbor), LOG_U("offset", at),
		    LOG_U("of", len), LOG_S("hex", str_get(&hex)));
		str_reset(&hex);
	}
	str_free(&hex);
}

bool
update_log_may(struct update_log *l, uint32_t now_s)
{
	if (l->second != now_s) {
		l->second = now_s;
		l->told = 0;
	}
	if (l->told == UPDATE_LOG_PER_SECOND) {
		l->untold++;
		return false;
	}
	l->told++;
	return true;
}

void
update_log_malformed(struct update_log *l, uint32_t now_s, const char *neighbor, const struct update_in *u,
    const uint8_t *msg, size_t len)
{
	if (!update_log_may(l, now_s))
		return;
	log_warn("neighbor.update", LOG_S("neighbor", neighbor), LOG_S("outcome", attr_outcome_name(u->outcome)),
	    LOG_S("attribute", u->bad_attr != 0 ? attr_name(u->bad_attr) : NULL), LOG_U("type", u->bad_attr),
	    LOG_S("reason", u->err.reason), LOG_U("untold", l->untold));
	l->untold = 0;
	/* Where the session ends nothing of the message has been applied, and its fields may not be there. */
	if (u->outcome < ATTR_AF_DISABLE) {
		log_nlri(neighbor, &u->announce);
		log_nlri(neighbor, &u->mp_announce);
	}
	log_message(neighbor, msg, len);
}
