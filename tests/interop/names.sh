#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Host names in OPENs: FRR's is shown at ours, and ours at FRR once we are to send it.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $frr_programs
ns a frr
link a frr 1
our_config() { # KEYS
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		neighbors:
		  - {address: 10.99.1.2, name: frr, remote-as: 65003, import: [accept], export: [accept], connect-retry-time: 1,
		     idle-hold-time: {initial: 1, max: 1}$1}
	EOT
}
our_config ""
cat >"$dir/frr.bgpd.conf" <<-EOT
	hostname somebody
	router bgp 65003
	 bgp router-id 10.99.1.2
	 no bgp ebgp-requires-policy
	 neighbor 10.99.1.1 remote-as 65001
	 neighbor 10.99.1.1 timers connect 1
EOT
frr_run frr
godwit a a
frr_sees() { # NAME or null
	frr_ctl frr 'show bgp neighbors 10.99.1.1 json' | jq -e ".[] | .bgpState == \"Established\" and .hostname == $1" >/dev/null
}
say "nothing of ours unless it is asked for; theirs is shown"
expect 30 session a frr
expect 10 frr_sees null
expect 10 ask a '.neighbors[0].hostname == "somebody"' show neighbor
say "from the next OPEN on"
our_config ", send-hostname: true, send-software-version: true"
ctl a reload >/dev/null || fail "$stage: reload"
frr_sees null || fail "$stage: the reload has reset the session"
ctl a neighbor frr clear >/dev/null || fail "$stage: clear"
expect 30 frr_sees "\"$(uname -n)\""
expect 10 session a frr
stop a || fail "bgpd ended with an error"
