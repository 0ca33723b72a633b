/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/bird_protocol, bird_details, bird_action and bird_configure: rows in every state, and what
 * commands do. */
#include "bgpd/bird_protocol.h"

#include "tests/unit/birdtest.h"
#include "tests/unit/suite.h"

static struct birdtest b;
static struct speaker s;

static const char conf[] =
    "neighbors:\n"
    "  - {address: 127.0.0.2, name: Mesh_127_0_0_2, remote-as: 65001, passive: true, description: "
    "\"Connection to BGP peer\",\n"
    "     import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 1}}\n"
    "  - {address: 127.0.0.3, name: Node_127_0_0_3, remote-as: 65003, shutdown: true}\n"
    "  - {address: \"::1\", name: Global___1, remote-as: 65003, passive: true}\n";

static void
begin(void)
{
	birdtest_start(&b, conf);
}

static void
connect_peer(void)
{
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000002);

	o.caps.gr = true;
	o.caps.gr_families = OPEN_FAMILY(FAMILY_IPV4);
	o.caps.gr_time_s = 120;
	birdtest_session(&b, &s, "Mesh_127_0_0_2", "127.0.0.2", &o);
}

/* Does the reply have a row with these words before and behind the time? */
static void
check_row(const char *before, const char *behind)
{
	const char *at = strstr(birdtest_ask(&b, "show protocols"), before);

	ck_assert_msg(at != NULL, "%s in %s", before, str_get(&b.reply));
	at += strlen(before);
	ck_assert_msg(strspn(at, "0123456789:") == 8, "%s", at);
	ck_assert_msg(strncmp(at + 8, behind, strlen(behind)) == 0, "%s instead of %s", at + 8, behind);
}

START_TEST(test_rows)
{
	begin();
	const char *reply = birdtest_ask(&b, "show protocols");
	ck_assert_int_eq(strncmp(reply,
				 "2002-name     proto    table    state  since       info\n1002-static1  "
				 "Static   master   up     ",
				 94),
			 0);
	ck_assert_ptr_null(strstr(reply, "Global"));
	check_row("\n kernel1  Kernel   master   up     ", "    \n");
	check_row("\n device1  Device   master   up     ", "    \n");
	check_row("\n direct1  Direct   master   up     ", "    \n");
	check_row("\n Mesh_127_0_0_2 BGP      master   start  ", "    Passive       \n");
	check_row("\n Node_127_0_0_3 BGP      master   down   ", "    \n0000 \n");
	connect_peer();
	check_row("\n Mesh_127_0_0_2 BGP      master   up     ", "    Established   \n");
	/* The neighbour ends it: the error is there until there is a session again. */
	struct bgp_error e;
	uint8_t msg[64];
	bgp_error_set(&e, BGP_ERR_OPEN, BGP_OPEN_BAD_PEER_AS, "", NULL, 0);
	speaker_write(&s, msg, notify_encode(&e, msg, sizeof(msg)));
	struct peer *p = bgpdtest_peer(&b.t, "Mesh_127_0_0_2");
	UNTIL(b.t.d.loop, peer_state(p) == FSM_IDLE);
	check_row("\n Mesh_127_0_0_2 BGP      master   start  ", "    Idle          Received: Bad Peer AS\n");
	speaker_close(&s);
	connect_peer();
	check_row("\n Mesh_127_0_0_2 BGP      master   up     ", "    Established   \n");
	/* The connection is lost. */
	speaker_close(&s);
	UNTIL(b.t.d.loop, !peer_established(p));
	check_row("\n Mesh_127_0_0_2 BGP      master   start  ",
		  "    Idle          Socket: Connection closed\n");
	birdtest_stop(&b);
}
END_TEST

/* Each kind of failure in the words that BIRD's readers know. */
START_TEST(test_errors)
{
	static const struct {
		struct peer_failure f;
		const char *text;
	} rows[] = {
	    {{.kind = PEER_FAILURE_NONE}, ""},
	    {{.kind = PEER_FAILURE_SOCKET, .error = ECONNREFUSED}, "Socket: Connection refused"},
	    {{.kind = PEER_FAILURE_CLOSED}, "Socket: Connection closed"},
	    {{.kind = PEER_FAILURE_SENT, .code = BGP_ERR_HOLD_TIMER}, "BGP Error: Hold Timer Expired"},
	    {{.kind = PEER_FAILURE_SENT, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_ADMIN_SHUTDOWN}, ""},
	    {{.kind = PEER_FAILURE_SENT, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_MAX_PREFIX},
	     "Automatic shutdown: Route limit exceeded"},
	    {{.kind = PEER_FAILURE_RECEIVED, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_ADMIN_RESET},
	     "Received: Administrative Reset"},
	    {{.kind = PEER_FAILURE_UNPROTECTED}, "Error: Kernel MD5 auth failed"},
	};
	struct str out = {0};

	begin();
	struct peer *p = bgpdtest_peer(&b.t, "Mesh_127_0_0_2");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		p->failure = rows[i].f;
		str_reset(&out);
		bird_peer_error(p, &out);
		ck_assert_str_eq(str_get(&out), rows[i].text);
	}
	/* Of one that is shut down nothing is told but that it was for its routes: a text would count as a
	 * session. */
	p = bgpdtest_peer(&b.t, "Node_127_0_0_3");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		p->failure = rows[i].f;
		str_reset(&out);
		bird_peer_error(p, &out);
		ck_assert_str_eq(str_get(&out),
				 rows[i].f.subcode == BGP_CEASE_MAX_PREFIX ? rows[i].text : "");
	}
	str_free(&out);
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_details)
{
	begin();
	const char *reply = birdtest_ask(&b, "show protocols all Mesh_127_0_0_2");
	ck_assert_ptr_nonnull(
	    strstr(reply, "\n1006-  Description:    Connection to BGP peer\n   Preference:     100\n"));
	ck_assert(birdtest_has(reply, "   Input filter:   ACCEPT"));
	ck_assert(birdtest_has(reply, "   BGP state:          Passive"));
	ck_assert(birdtest_has(reply, "     Neighbor address: 127.0.0.2"));
	ck_assert(birdtest_has(reply, "     Neighbor AS:      65001"));
	/* Columns end where their headings do. */
	const char *heading =
		       "   Route change stats:     received   rejected   filtered    ignored   accepted\n",
		   *columns = strstr(reply, heading);
	ck_assert_ptr_nonnull(columns);
	for (unsigned i = 1; i <= 4; i++)
		for (unsigned end = 35; end <= 79; end += 11)
			ck_assert_int_eq(strncmp(columns + i * strlen(heading) + end - 4, " ---", 4), 0);
	ck_assert_ptr_nonnull(strstr(reply, "\n \n0000 \n"));
	ck_assert_ptr_null(strstr(reply, "Neighbor ID"));
	connect_peer();
	reply = birdtest_ask(&b, "show protocols all Mesh_127_0_0_2");
	ck_assert(birdtest_has(reply, "   BGP state:          Established"));
	ck_assert(birdtest_has(reply, "   Routes:         0 imported, 0 exported, 0 preferred"));
	ck_assert(birdtest_has(reply, "     Neighbor ID:      10.0.0.2"));
	ck_assert(birdtest_has(reply, "     Neighbor caps:    refresh enhanced-refresh restart-able AS4"));
	ck_assert(birdtest_has(reply, "     Session:          internal multihop AS4"));
	ck_assert(birdtest_has(reply, "     Source address:   127.0.0.1"));
	ck_assert_ptr_nonnull(strstr(reply, "\n     Hold timer:       90/90\n     Keepalive timer:  "));
	speaker_close(&s);
	UNTIL(b.t.d.loop, !peer_established(bgpdtest_peer(&b.t, "Mesh_127_0_0_2")));
	reply = birdtest_ask(&b, "show protocols all Mesh_127_0_0_2");
	ck_assert(birdtest_has(reply, "     Last error:       Socket: Connection closed"));
	/* All of them: each ends with a line that is a blank alone. */
	unsigned ends = 0;
	for (const char *p = strstr(birdtest_ask(&b, "show protocols all"), "\n \n"); p != NULL;
	     p = strstr(p + 2, "\n \n"))
		ends++;
	ck_assert_uint_eq(ends, 6);
	/* One that is down has no routes to count. */
	reply = birdtest_ask(&b, "show protocols all Node_127_0_0_3");
	ck_assert_ptr_nonnull(strstr(
	    reply, "\n1006-  Preference:     100\n   Input filter:   REJECT\n   Output filter:  REJECT\n"
		   "   BGP state:          Down\n     Neighbor address: 127.0.0.3\n     Neighbor AS:      "
		   "65003\n \n0000 \n"));
	ck_assert_str_eq(birdtest_ask(&b, "show protocols all Global___1"), "8003 No protocols match\n");
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_actions)
{
	begin();
	connect_peer();
	struct peer *p = bgpdtest_peer(&b.t, "Mesh_127_0_0_2");
	ck_assert_str_eq(birdtest_ask(&b, "enable Mesh_127_0_0_2"),
			 "0010-Mesh_127_0_0_2: already enabled\n0000 \n");
	ck_assert_str_eq(birdtest_ask(&b, "reload in Mesh_127_0_0_2"),
			 "0015-Mesh_127_0_0_2: reloading\n0000 \n");
	/* Among what else it sends. */
	int type;
	while ((type = speaker_next(&s)) != BGP_MSG_REFRESH)
		ck_assert_int_eq(type, BGP_MSG_UPDATE);
	ck_assert_str_eq(birdtest_ask(&b, "disable \"Mesh*\""), "0009-Mesh_127_0_0_2: disabled\n0000 \n");
	ck_assert(p->admin_down);
	ck_assert_str_eq(birdtest_ask(&b, "disable Mesh_127_0_0_2"),
			 "0008-Mesh_127_0_0_2: already disabled\n0000 \n");
	ck_assert_str_eq(birdtest_ask(&b, "restart Mesh_127_0_0_2"),
			 "0008-Mesh_127_0_0_2: already disabled\n0000 \n");
	check_row("\n Mesh_127_0_0_2 BGP      master   down   ", "    \n");
	speaker_close(&s);
	/* All, but those that the configuration has shut down, and those of the other world. */
	ck_assert_str_eq(
	    birdtest_ask(&b, "enable all"),
	    "0011-Mesh_127_0_0_2: enabled\n8007-Node_127_0_0_3: shut down by the configuration\n0000 \n");
	ck_assert(!p->admin_down);
	connect_peer();
	ck_assert_str_eq(birdtest_ask(&b, "restart Mesh_127_0_0_2"),
			 "0012-Mesh_127_0_0_2: restarted\n0000 \n");
	ck_assert(!peer_established(p));
	speaker_close(&s);
	ck_assert_str_eq(birdtest_ask(&b, "disable \"x*\""), "8003 No protocols match\n");
	ck_assert_str_eq(birdtest_ask(&b, "disable nobody"), "9002 nobody is not a protocol\n");
	ck_assert_str_eq(birdtest_ask(&b, "disable Global___1"), "9002 Global___1 is not a protocol\n");
	ck_assert_str_eq(birdtest_ask(&b, "disable kernel1"), "8007 kernel1: is always there\n");
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "disable"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "disable a b"), "9001 ", 5), 0);
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_restricted)
{
	static const char *const acts[] = {
	    "disable Mesh_127_0_0_2", "enable all", "restart all", "reload all", "configure",
	    "configure check",        "down"};

	begin();
	ck_assert_str_eq(birdtest_ask(&b, "restrict"), "0016 Access restricted\n");
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		ck_assert_str_eq(birdtest_ask(&b, acts[i]), "8007 Access denied\n");
	ck_assert(!bgpdtest_peer(&b.t, "Mesh_127_0_0_2")->admin_down && !b.t.d.stopping);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "show status"), "1000-", 5), 0);
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_configure)
{
	char reading[160], text[512];

	begin();
	snprintf(reading, sizeof(reading), "0002-Reading configuration from %s\n", b.t.conf);
	ck_assert_str_eq(birdtest_ask(&b, "configure confirm"), "0019 Nothing to do\n");
	ck_assert_str_eq(birdtest_ask(&b, "configure undo"), "0019 Nothing to do\n");
	bgpdtest_write(&b.t, "", birdtest_conf(&b, ""));
	snprintf(text, sizeof(text), "%s0020 Configuration OK\n", reading);
	ck_assert_str_eq(birdtest_ask(&b, "configure check"), text);
	ck_assert_ptr_nonnull(bgpdtest_peer(&b.t, "Mesh_127_0_0_2"));
	snprintf(text, sizeof(text), "%s0022-Undo scheduled in 300 s\n0003 Reconfigured\n", reading);
	ck_assert_str_eq(birdtest_ask(&b, "configure timeout"), text);
	UNTIL(b.t.d.loop, TAILQ_EMPTY(&b.t.d.peers));
	ck_assert_str_eq(birdtest_ask(&b, "configure undo"), "0021-Undo requested\n0003 Reconfigured\n");
	ck_assert_ptr_nonnull(bgpdtest_peer(&b.t, "Mesh_127_0_0_2"));
	snprintf(text, sizeof(text), "%s0022-Undo scheduled in 77 s\n0003 Reconfigured\n", reading);
	ck_assert_str_eq(birdtest_ask(&b, "configure soft timeout 77"), text);
	ck_assert_str_eq(birdtest_ask(&b, "configure confirm"), "0018 Reconfiguration confirmed\n");
	snprintf(text, sizeof(text), "%s0003 Reconfigured\n", reading);
	ck_assert_str_eq(birdtest_ask(&b, "configure"), text);
	/* Two errors, a line each. */
	bgpdtest_write(&b.t, "", "networks: 5\nstatics: 6\n");
	const char *reply = birdtest_ask(&b, "configure");
	ck_assert_int_eq(strncmp(reply, reading, strlen(reading)), 0);
	ck_assert_ptr_nonnull(strstr(reply, "\n8002-"));
	ck_assert_ptr_nonnull(strstr(reply, "\n8002 "));
	ck_assert_ptr_nonnull(strstr(birdtest_ask(&b, "configure check"), "\n8002 "));
	ck_assert_ptr_nonnull(strstr(birdtest_ask(&b, "configure check \"/nowhere\""), "\n8002 "));
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure \"/nowhere\""), "8007 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure timeout 0"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure timeout 5 6"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure now"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure check x"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "configure undo x"), "9001 ", 5), 0);
	birdtest_stop(&b);
}
END_TEST

/* The client whose socket a reload takes away may be the one that has asked for it; one that goes is not
 * waited for. */
START_TEST(test_configure_gone)
{
	begin();
	bgpdtest_write(&b.t, "", "");
	ctltest_write(&b.raw, "configure\n", 10);
	const char *line;
	while ((line = birdtest_line(&b)) != NULL)
		ck_assert_int_eq(strncmp(line, "0002-", 5), 0);
	ctltest_close(&b.raw);
	bgpdtest_reload(&b.t, "", birdtest_conf(&b, conf));
	birdtest_connect(&b, b.ipv4);
	birdtest_greeted(&b);
	ctltest_write(&b.raw, "configure check\nconfigure\n", 26);
	looptest_turn(b.t.d.loop);
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_misc)
{
	begin();
	bgpdtest_interface(&b.t, 2, "e0", "10.0.0.1", 29);
	bgpdtest_interface(&b.t, 2, "e0", "2001:db8::1", 64);
	bgpdtest_interface(&b.t, 2, "e0", "10.0.1.1", 24);
	const char *reply = birdtest_ask(&b, "show interfaces");
	ck_assert_ptr_nonnull(strstr(reply, "1001-e0 up (index=2)\n1004-\tMultiAccess"));
	ck_assert_ptr_nonnull(strstr(reply, " MTU=1500\n1003-\t10.0."));
	ck_assert_ptr_nonnull(strstr(reply, " (Primary, scope site)\n"));
	ck_assert_ptr_nonnull(strstr(reply, " (Secondary, scope site)\n"));
	ck_assert_ptr_null(strstr(reply, "2001:db8"));
	ck_assert_ptr_nonnull(strstr(birdtest_ask(&b, "show interfaces summary"),
				     "2005-interface state address\n1005-e0        up    10.0."));
	reply = birdtest_ask(&b, "show memory");
	ck_assert_int_eq(strncmp(reply, "1018-BIRD memory usage\n Routing tables: ", 39), 0);
	ck_assert(birdtest_has(birdtest_ask(&b, "show symbols"), " Mesh_127_0_0_2\tprotocol"));
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "show memory x"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "show symbols x"), "9001 ", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "show interfaces x"), "9001 ", 5), 0);
	ck_assert_str_eq(birdtest_ask(&b, "down"), "0007 Shutdown requested\n");
	ck_assert(b.t.d.stopping);
	birdtest_stop(&b);
}
END_TEST

SUITE("bird_protocol", test_rows, test_errors, test_details, test_actions, test_restricted, test_configure,
      test_configure_gone, test_misc)
