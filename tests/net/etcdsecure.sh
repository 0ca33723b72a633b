#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# etcd over TLS and with users: what is wrong with certificates and passwords is told in plain words and never shown, and
# it comes right when that does; tokens are renewed; watches share one connection.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
need_etcd
need openssl ss
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo
SCHEME=https
mkdir "$dir/pki"
sh "$top/tests/pki.sh" "$dir/pki" 2>"$dir/pki.err" || fail "$(cat "$dir/pki.err")"
pki=$dir/pki
url=https://127.0.0.1:2379
client=(--cert "$pki/client.pem" --key "$pki/client.key")
etcd_options=(--endpoints "$url" --cacert "$pki/ca.pem" "${client[@]}")

# server CERTIFICATE [OPTION...]
server() {
	local certificate=$1
	shift
	stop etcd
	etcd_start etcd n1 127.0.0.1:2379 127.0.0.1:2380 --initial-cluster etcd=http://127.0.0.1:2380 \
		--cert-file "$pki/$certificate.pem" --key-file "$pki/$certificate.key" "$@"
}
with() { confd_conf n1 n1 "{type: etcd, endpoints: [\"$url\"]$1}"; }
again() { kill -HUP "${pids[n1.confd]}"; }

say "TLS"
server server
expect 30 in_etcd endpoint health
node n1 10.99.0.1
node n2 10.99.0.2
with ", ca: $pki/ca.pem"
confd n1 n1
expect 15 watching n1
expect 10 test -s "$dir/n1.yaml"
godwit n1 n1
node n3 10.99.0.3
expect 10 has n1 10.99.0.3

say "all of it is one connection"
connections() { in_ns n1 ss -Htnp state established dport = :2379 | grep -c bgpconfd; }
[ "$(connections)" -eq 1 ] || fail "$stage: $(connections)"

say "certificates that are wrong"
with ", ca: $pki/other-ca.pem"
again
expect 15 in_trouble n1 "the certificate of 127.0.0.1 is signed by nobody who is to be trusted"
with ", ca: $pki/ca.pem"
again
expect 15 watching n1
for wrong in "expired has expired" "othername is for another name" "other is signed by nobody who is to be trusted"; do
	server "${wrong%% *}"
	expect 30 in_trouble n1 "the certificate of 127.0.0.1 ${wrong#* }: what it said last stays"
	has n1 10.99.0.3 || fail "$stage: it was taken back"
done

say "it wants to see ours"
server server --client-cert-auth --trusted-ca-file "$pki/ca.pem"
expect 30 in_trouble n1 "127.0.0.1 does not take our certificate, or wants one"
with ", ca: $pki/ca.pem, cert: $pki/other.pem, key: $pki/other.key"
again
expect 15 in_trouble n1 "127.0.0.1 does not take our certificate, or wants one"
with ", ca: $pki/ca.pem, cert: $pki/client.pem, key: $pki/server.key"
again
expect 15 in_trouble n1 "our certificate or its key cannot be read, or they are no pair"
with ", ca: $pki/ca.pem, cert: $pki/client.pem, key: $pki/client.key"
again
expect 15 watching n1
del "$resources/nodes/n3"
expect 10 lacks n1 10.99.0.3

say "the file with the authority is replaced while etcd changes its certificate"
server other
expect 30 in_trouble n1 "signed by nobody who is to be trusted"
cp "$pki/ca.pem" "$pki/ca.keep" && cp "$pki/other-ca.pem" "$pki/ca.new" && mv "$pki/ca.new" "$pki/ca.pem"
expect 15 watching n1
mv "$pki/ca.keep" "$pki/ca.pem"

say "users: nobody may look"
server server
expect 30 in_etcd endpoint health
etcd_options=(--endpoints "$url" --cacert "$pki/ca.pem" --user root:rootpw)
for command in "user add root:rootpw" "user grant-role root root" "role add calico" \
	"role grant-permission calico --prefix=true read /calico/" "user add node:nodepw-1" "user grant-role node calico" "auth enable"; do
	# shellcheck disable=SC2086
	in_ns n1 etcdctl --endpoints "$url" --cacert "$pki/ca.pem" $command >"$dir/auth.out" 2>&1 || fail "$stage: $command: $(cat "$dir/auth.out")"
done
with ", ca: $pki/ca.pem"
again
expect 15 in_trouble n1 'it says .etcdserver: user name is empty'

say "a file with a password that is wrong, then one that is right"
(umask 077 && echo wrong-secret >"$dir/password")
with ", ca: $pki/ca.pem, username: node, password-file: $dir/password"
again
expect 15 in_trouble n1 'it says .etcdserver: authentication failed, invalid user ID or password'
echo nodepw-1 >"$dir/password"
expect 20 watching n1
node n4 10.99.0.4
expect 10 has n1 10.99.0.4
rm "$dir/password"
stop etcd
server server
expect 20 in_trouble n1 "$dir/password: No such file"
echo nodepw-1 >"$dir/password"
expect 20 watching n1

say "what etcd knew of users is another one now: a token is got anew"
in_etcd user passwd root --interactive=false <<<"rootpw" >/dev/null || fail "$stage: passwd"
in_etcd role grant-permission calico read /other >/dev/null || fail "$stage: grant"
node n5 10.99.0.5
expect 10 has n1 10.99.0.5
stop etcd
server server
expect 20 watching n1
node n6 10.99.0.6
expect 10 has n1 10.99.0.6

say "the user may no longer read"
in_etcd user revoke-role node calico >/dev/null || fail "$stage: revoke"
again
expect 15 in_trouble n1 'it says .etcdserver: permission denied'
has n1 10.99.0.6 || fail "$stage: it was taken back"
in_etcd user grant-role node calico >/dev/null || fail "$stage: grant"
expect 20 watching n1

say "users are no longer asked for"
in_etcd auth disable >/dev/null || fail "$stage: disable"
stop etcd
server server
expect 20 watching n1

say "what calico-node has in its environment"
clean_stop n1.confd
confd_conf n1 n1 ''
sed -i '/^datastore/d' "$dir/n1.confd.yaml"
start n1.confd n1 env DATASTORE_TYPE=etcdv3 ETCD_ENDPOINTS=$url ETCD_CA_CERT_FILE="$pki/ca.pem" ETCD_CERT_FILE="$pki/client.pem" \
	ETCD_KEY_FILE="$pki/client.key" ETCD_USERNAME=node ETCD_PASSWORD=nodepw-1 "$BGPCONFD" -f "$dir/n1.confd.yaml" -v
status_by_env() { DATASTORE_TYPE=etcdv3 ETCD_ENDPOINTS=$url "$BGPCONFD" -f "$dir/n1.confd.yaml" --status | jq -e "$1"; }
expect 15 status_by_env '.datastore.state == "watching" and .troubles == []'
etcd_options=(--endpoints "$url" --cacert "$pki/ca.pem")
node n7 10.99.0.7
expect 10 has n1 10.99.0.7

say "no secret is in any log"
! grep -E 'nodepw-1|wrong-secret|rootpw|PRIVATE KEY' "$dir"/n1*.log || fail "$stage"
clean_stop n1.confd
clean_stop n1
