#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same resources as a directory of files and as etcd's keys make the same model, with the secrets in it; forms.py
# makes each form. With FORMS_MORE, a list of files or folders, of those as well.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
need_etcd
python3 -c 'import yaml' 2>/dev/null || skip "python3 has no yaml"
forms=$top/tests/conf/forms.py
ns n1
etcd_options=(--endpoints http://127.0.0.1:2379)
etcd_one etcd n1

model() { # NAME DATASTORE: the model in $dir/NAME.json
	printf 'node: kube-master\ndatastore: %s\ntemplates: [{src: a, dest: %s/none}]\n' "$2" "$dir" >"$dir/$1.yaml"
	in_ns n1 "$BGPCONFD" -f "$dir/$1.yaml" --show-model --show-secrets >"$dir/$1.json" 2>"$dir/$1.err" ||
		fail "$stage: $1: $(cat "$dir/$1.err")"
}

# compare NAME PATH...: as files, as etcd's keys
compare() {
	say "$1"
	shift
	rm -rf "$dir/resources"
	python3 "$forms" directory "$dir/resources" "$@" || fail "$stage"
	in_etcd del --prefix /calico/ >/dev/null
	in_ns n1 python3 "$forms" etcd --put http://127.0.0.1:2379 "$dir/resources" || fail "$stage"
	model files "{type: files, path: $dir/resources}"
	model etcd '{type: etcd, endpoints: ["http://127.0.0.1:2379"]}'
	diff "$dir/files.json" "$dir/etcd.json" >"$dir/models.diff" || fail "$stage: $(head -n 40 "$dir/models.diff")"
	jq -e '.sessions | length > 0' "$dir/etcd.json" >/dev/null || jq -e '[.ipv4, .ipv6] | any' "$dir/etcd.json" >/dev/null ||
		fail "$stage: an empty model"
}

for file in "$top"/tests/conf/forms/*.yaml; do
	compare "$(basename "$file" .yaml)" "$file"
done
for path in ${FORMS_MORE:-}; do
	compare "$path" "$path"
done
