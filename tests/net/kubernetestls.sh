#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpconfd and a Kubernetes API server over TLS: a kubeconfig with certificates as files and within it, the service account of a
# pod, and what is said of a server, or of us, that shows something that is no good. With nghttpx, all over one connection.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
need_kube
need openssl
server=https://127.0.0.1:6443
ns n1
sh "$top/tests/pki.sh" "$dir" >/dev/null 2>"$dir/pki.err" || fail "$(cat "$dir/pki.err")"
confd_conf "$dir/confd.yaml" "$dir/n1.yaml"
data() { base64 -w 0 "$dir/$1"; }
serve() { # CERTIFICATE [OPTION...]
	local name=$1
	shift
	stop api
	api_start n1 --cert "$dir/$name.pem" --key "$dir/$name.key" "$@"
	api "$(k_node n1 10.99.0.1/24)" "$(k_node n2 10.99.0.2/24)"
}
once() { in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --once 2>"$dir/once.log"; }
good() {
	rm -f "$dir/n1.yaml"
	once || fail "$stage: $(cat "$dir/once.log")"
	grep -q Mesh_10_99_0_2 "$dir/n1.yaml" || fail "$stage: $(cat "$dir/n1.yaml")"
}
# bad PATTERN: it fails and says that, of the server
bad() {
	once && fail "$stage: it took it"
	grep -q -e "source.trouble what=kubernetes error=\"$server: .*$1" "$dir/once.log" || fail "$stage: $(cat "$dir/once.log")"
}

say "a server that is trusted, by name and by address"
serve server
kubeconfig "token: x" "certificate-authority: ca.pem"
good
server=https://localhost:6443
kubeconfig "token: x" "certificate-authority-data: $(data ca.pem)"
good
server=https://127.0.0.1:6443

say "one of another authority"
kubeconfig "token: x" "certificate-authority: other-ca.pem"
bad 'certificate'

say "an authority that is not there, or is none"
kubeconfig "token: x" "certificate-authority: nowhere.pem"
bad 'nowhere.pem'
kubeconfig "token: x" "certificate-authority: token"
echo nothing >"$dir/token"
bad ''

say "a certificate that is over"
serve expired
kubeconfig "token: x" "certificate-authority: ca.pem"
bad 'expired'

say "a certificate of another name"
serve othername
bad '127\.0\.0\.1'

say "a client that has to show a certificate, and does"
serve server --client-ca "$dir/ca.pem"
kubeconfig "client-certificate: client.pem, client-key: client.key" "certificate-authority: ca.pem"
good
kubeconfig "client-certificate-data: $(data client.pem), client-key-data: $(data client.key)" "certificate-authority-data: $(data ca.pem)"
good
grep -q -e PRIVATE -e "$(data client.key | head -c 60)" "$dir/once.log" && fail "$stage: the key is in the log"

say "a client that shows none, or that of another authority"
kubeconfig "" "certificate-authority: ca.pem"
once && fail "$stage: it was taken"
grep -q 'source.trouble what=' "$dir/once.log" || fail "$stage: $(cat "$dir/once.log")"
kubeconfig "client-certificate: other.pem, client-key: other.key" "certificate-authority: ca.pem"
once && fail "$stage: it was taken"
grep -q 'source.trouble what=' "$dir/once.log" || fail "$stage: $(cat "$dir/once.log")"

say "a kubeconfig that is mended is read again, also by who runs"
kubeconfig "client-certificate: client.pem, client-key: client.key" "certificate-authority: other-ca.pem"
rm -f "$dir/n1.yaml"
start confd n1 "$BGPCONFD" -f "$dir/confd.yaml" -v
expect 20 confd_status '.troubles[0].what == "kubernetes"'
kubeconfig "client-certificate: client.pem, client-key: client.key" "certificate-authority: ca.pem"
expect 60 test -s "$dir/n1.yaml"
expect 20 confd_status '.troubles == []'

say "an authority that is replaced, as a file"
cp "$dir/ca.pem" "$dir/trusted.pem"
kubeconfig "client-certificate: client.pem, client-key: client.key" "certificate-authority: trusted.pem"
stop confd
start confd n1 "$BGPCONFD" -f "$dir/confd.yaml" -v
expect 20 confd_status '.synced'
serve other --client-ca "$dir/ca.pem"
expect 20 confd_status '.troubles[0].what == "kubernetes"'
cat "$dir/ca.pem" "$dir/other-ca.pem" >"$dir/trusted.new"
mv "$dir/trusted.new" "$dir/trusted.pem"
expect 60 confd_status '.troubles == []'
clean_stop confd

say "as a pod comes to it"
serve server --token pod-token-1
mkdir "$dir/account"
cp "$dir/ca.pem" "$dir/account/ca.crt"
echo pod-token-1 >"$dir/account/token"
sed -i 's/kubernetes, kubeconfig:.*/kubernetes}/' "$dir/confd.yaml"
account=/var/run/secrets/kubernetes.io/serviceaccount
# Within the mounts of the command alone.
start pod n1 sh -c "mount -t tmpfs none /run && mkdir -p $account && mount --bind '$dir/account' $account && exec env KUBERNETES_SERVICE_HOST=127.0.0.1 \
	KUBERNETES_SERVICE_PORT=6443 '$BGPCONFD' -f '$dir/confd.yaml' -v"
rm -f "$dir/n1.yaml"
expect 20 confd_status '.synced and .datastore.server == "https://127.0.0.1:6443"'
api '{"op": "tokens", "tokens": ["pod-token-2"]}' '{"op": "drop"}'
expect 20 confd_status '.troubles | length > 0'
echo pod-token-2 >"$dir/account/token"
expect 60 confd_status '.troubles == []'
! grep -q pod-token "$dir/pod.log" || fail "$stage: the token is in the log"
clean_stop pod

if command -v nghttpx >/dev/null; then
	say "all watches over one connection where there is HTTP/2"
	confd_conf "$dir/confd.yaml" "$dir/n1.yaml"
	stop api
	api_start n1
	api "$(k_node n1 10.99.0.1/24)" "$(k_node n2 10.99.0.2/24)"
	start nghttpx n1 nghttpx --conf=/dev/null -f127.0.0.1,6444 -b127.0.0.1,6443 --workers=1 "$dir/server.key" "$dir/server.pem"
	server=https://127.0.0.1:6444
	kubeconfig "token: x" "certificate-authority: ca.pem"
	rm -f "$dir/n1.yaml"
	start confd n1 "$BGPCONFD" -f "$dir/confd.yaml" -v
	expect 20 confd_status '.synced and ([.datastore.kinds[].state] | unique) == ["watching"]'
	connections() { in_ns n1 ss -Htn state established '( dport = :6444 )' | wc -l; }
	[ "$(connections)" = 1 ] || fail "$stage: $(in_ns n1 ss -Htn state established '( dport = :6444 )')"
	api "$(k_node n3 10.99.0.3/24)"
	expect 10 grep -q Mesh_10_99_0_3 "$dir/n1.yaml"
	stop nghttpx KILL
	expect 20 confd_status '.troubles[0].what == "kubernetes"'
	clean_stop confd
else
	echo "nghttpx is not installed: HTTP/2 was not tried"
fi
