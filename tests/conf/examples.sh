#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The configurations of man/examples: bgpd takes each of them, that of the node of Calico is what the shipped template
# makes of the resources beside it, and godwit-examples(7) shows them as they are (tools/gen-man, as below).
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
bgpconfd=${BGPCONFD:-${GODWIT_BUILD:-.}/conf/bgpconfd}
bgpd=${BGPD:-${GODWIT_BUILD:-.}/bgpd/bgpd}
for v in bgpconfd bgpd; do
	eval "p=\$$v"
	eval "$v=$(cd "$(dirname "$p")" && pwd)/$(basename "$p")"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX
rc=0
wrong() {
	echo "FAIL $*"
	rc=1
}

n=0
for file in "$top"/man/examples/*.yaml "$top"/man/examples/calico/bgpd.yaml; do
	n=$((n + 1))
	"$bgpd" -n -f "$file" >"$work/out" 2>&1 || { wrong "$file" && cat "$work/out"; }
done
[ $n -ge 4 ] || wrong "there are $n examples alone"

# Nobody reads the file yet, so there is nobody to tell.
mkdir "$work/resources"
cp "$top/man/examples/calico/resources.yaml" "$work/resources"
sed "s|/etc/godwit/resources|$work/resources|; s|/usr/share/godwit/templates|$top/conf/templates|; /^metrics:/d
	s|/etc/godwit/bgpd.yaml|$work/bgpd.yaml|; s|\"bgpd -n|\"$bgpd -n|; s|reload: bgpctl reload|reload: \"true\"|
	\$a control: {socket: $work/sock}" "$top/man/examples/calico/bgpconfd.yaml" >"$work/bgpconfd.yaml"
"$bgpconfd" -f "$work/bgpconfd.yaml" --once >"$work/out" 2>&1 || { wrong "bgpconfd --once" && cat "$work/out"; }
diff -u "$top/man/examples/calico/bgpd.yaml" "$work/bgpd.yaml" || wrong "man/examples/calico/bgpd.yaml is not what the template makes"

cp "$top/man/godwit-examples.7" "$work"
sh "$top/tools/gen-man" none "$work/godwit-examples.7" "$top/man/examples" || wrong "gen-man"
diff -u "$top/man/godwit-examples.7" "$work/godwit-examples.7" || wrong "the page shows other files (tools/gen-man none man/godwit-examples.7)"
exit $rc
