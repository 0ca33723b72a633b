#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same resources as a directory of files, as etcd's keys and as Kubernetes objects of both API groups make the same
# model, with the secrets in it; forms.py makes each form. With FORMS_MORE, a list of files or folders, of those as well.
# So do keys: as files, in etcd, and as the entries of ConfigMaps.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
. "$(dirname "$0")/../kube.sh"
need_etcd
need_kube
python3 -c 'import yaml' 2>/dev/null || skip "python3 has no yaml"
forms=$top/tests/conf/forms.py
ns n1
etcd_options=(--endpoints http://127.0.0.1:2379)
etcd_one etcd n1
api_start n1
kubeconfig

model() { # NAME DATASTORE: the model in $dir/NAME.json
	printf 'node: kube-master\ndatastore: %s\ntemplates: [{src: a, dest: %s/none}]\n' "$2" "$dir" >"$dir/$1.yaml"
	in_ns n1 "$BGPCONFD" -f "$dir/$1.yaml" --show-model --show-secrets >"$dir/$1.json" 2>"$dir/$1.err" ||
		fail "$stage: $1: $(cat "$dir/$1.err")"
}

same() { diff "$dir/files.json" "$dir/$1.json" >"$dir/models.diff" || fail "$stage: $1: $(head -n 40 "$dir/models.diff")"; }

# compare NAME PATH...: as files, as etcd's keys, as Kubernetes objects
compare() {
	say "$1"
	shift
	rm -rf "$dir/resources"
	python3 "$forms" directory "$dir/resources" "$@" || fail "$stage"
	in_etcd del --prefix /calico/ >/dev/null
	in_ns n1 python3 "$forms" etcd --put http://127.0.0.1:2379 "$dir/resources" || fail "$stage"
	model files "{type: files, path: $dir/resources}"
	model etcd '{type: etcd, endpoints: ["http://127.0.0.1:2379"]}'
	same etcd
	for group in crd v3; do
		python3 "$forms" kubernetes --group $group "$dir/objects.json" "$dir/resources" || fail "$stage"
		api '{"op": "clear"}' "{\"op\": \"serve\", \"groups\": [\"$group\"]}" "{\"op\": \"load\", \"path\": \"$dir/objects.json\"}"
		model "kubernetes-$group" "{type: kubernetes, kubeconfig: $dir/kubeconfig}"
		same "kubernetes-$group"
	done
	jq -e '.sessions | length > 0' "$dir/etcd.json" >/dev/null || jq -e '[.ipv4, .ipv6] | any' "$dir/etcd.json" >/dev/null ||
		fail "$stage: an empty model"
}

for file in "$top"/tests/conf/forms/*.yaml; do
	compare "$(basename "$file" .yaml)" "$file"
done
for path in ${FORMS_MORE:-}; do
	compare "$path" "$path"
done

say "keys"
keys() { # NAME DATASTORE
	printf 'resolver: keys\ndatastore: %s\ntemplates: [{src: a, dest: %s/none}]\n' "$2" "$dir" >"$dir/$1.yaml"
	in_ns n1 "$BGPCONFD" -f "$dir/$1.yaml" --show-model >"$dir/$1.json" 2>"$dir/$1.err" || fail "$stage: $1: $(cat "$dir/$1.err")"
}
api '{"op": "clear"}'
declare -A maps
# key SPACE MAP ENTRY VALUE
key() {
	mkdir -p "$dir/tree/configmaps/$1/$2"
	printf %s "$4" >"$dir/tree/configmaps/$1/$2/$3"
	in_etcd put "/site/configmaps/$1/$2/$3" -- "$4" >/dev/null || fail "$stage"
	maps["$1 $2"]+="${maps["$1 $2"]:+, }\"$3\": $(printf %s "$4" | jq -R -s .)"
}
key racks r1 as 64512
key racks r1 peers '[{"address": "10.0.0.1"}, {"address": "10.0.0.2"}]'
key racks r2 as 1.10
key racks r2 motd 'two
lines, "quoted"'
key other r1 as "-"
for map in "${!maps[@]}"; do
	api "{\"op\": \"put\", \"object\": {\"kind\": \"ConfigMap\", \"metadata\": {\"namespace\": \"${map% *}\", \"name\": \"${map#* }\"}, \"data\": {${maps[$map]}}}}"
done
keys files "{type: files, path: $dir/tree}"
keys etcd '{type: etcd, endpoints: ["http://127.0.0.1:2379"], prefix: /site}'
same etcd
keys kubernetes "{type: kubernetes, kubeconfig: $dir/kubeconfig}"
same kubernetes
jq -e '.configmaps.racks.r1.peers[1].address == "10.0.0.2"' "$dir/kubernetes.json" >/dev/null || fail "$stage: $(cat "$dir/kubernetes.json")"
