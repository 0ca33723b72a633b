#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kubernetes objects as keys: ConfigMaps, Nodes and Secrets of one namespace as the tree that a template sees. What changes
# is followed, what goes is gone, also behind a new list, a broken connection and a restart of bgpconfd; what may not be
# read or is not there changes nothing; and secrets are for those alone who ask for them.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
need_kube
ns n1
kubeconfig
cat >"$dir/keys.mustache" <<'EOT'
{{#configmaps.site.racks}}as {{as}}
{{#[peers.json]}}peer {{address}}
{{/[peers.json]}}{{/configmaps.site.racks}}
{{#nodes|each}}node {{key}} {{#value}}{{metadata.labels.rack}}{{/value}}
{{/nodes|each}}
{{#secrets.site.bgp}}password {{{word}}}
{{/secrets.site.bgp}}
EOT
cat >"$dir/confd.yaml" <<-EOT
	resolver: keys
	datastore: {type: kubernetes, kubeconfig: $dir/kubeconfig, resources: [configmaps, nodes, secrets], namespace: site}
	control: {socket: $dir/confd.sock}
	debounce-ms: 20
	templates: [{src: $dir/keys.mustache, dest: $dir/keys.conf, mode: "0600", check: "! grep -q refused {{stage}}"}]
EOT
# racks DATA: the ConfigMap of that name
racks() { put "{\"kind\": \"ConfigMap\", \"metadata\": {\"namespace\": \"site\", \"name\": \"racks\"}, \"data\": $1}"; }
k_plain_node() { put "{\"kind\": \"Node\", \"metadata\": {\"name\": \"$1\", \"labels\": {\"rack\": \"$2\"}, \"managedFields\": [{\"manager\": \"kubelet\"}]}}"; }
line() { grep -q -x -e "$1" "$dir/keys.conf"; }
no_line() { ! grep -q -e "$1" "$dir/keys.conf"; }
written() { stat -c '%i %Y' "$dir/keys.conf"; }
same() { [ "$(written)" = "$before" ]; }
# What bgpconfd makes that starts from nothing.
from_nothing() {
	sed "s|keys.conf|fresh.conf|; s|confd.sock|fresh.sock|" "$dir/confd.yaml" >"$dir/fresh.yaml"
	in_ns n1 "$BGPCONFD" -f "$dir/fresh.yaml" --once 2>"$dir/fresh.log" || fail "$stage: $(cat "$dir/fresh.log")"
	expect 20 cmp "$dir/keys.conf" "$dir/fresh.conf"
}

say "a resource that is not there is no empty one"
api_start n1 --whole-secrets
sed "s|resources: .configmaps|&, racks|; s|keys.conf|wrong.conf|" "$dir/confd.yaml" >"$dir/wrong.yaml"
in_ns n1 "$BGPCONFD" -f "$dir/wrong.yaml" --once 2>"$dir/wrong.log" && fail "$stage: it was taken"
grep -q 'what="kubernetes racks" error="the server has no racks in v1"' "$dir/wrong.log" || fail "$stage: $(cat "$dir/wrong.log")"
[ ! -e "$dir/wrong.conf" ] || fail "$stage: a file without it"

say "ConfigMaps entry by entry, other objects as they are"
api "$(racks '{"as": "64512", "peers.json": "[{\"address\": \"10.0.0.1\"}]", "other": "x"}')" "$(k_plain_node n1 a)" "$(k_plain_node n2 b)" \
	"$(k_secret site bgp word hidden-word)" \
	"$(put '{"kind": "ConfigMap", "metadata": {"namespace": "elsewhere", "name": "racks"}, "data": {"as": "1"}}')"
confd_start
expect 20 line 'as 64512'
line 'peer 10.0.0.1' && line 'node n1 a' && line 'node n2 b' && line 'password hidden-word' || fail "$stage: $(cat "$dir/keys.conf")"
confd_status '.resolver == "keys" and .synced and .troubles == []' >/dev/null || fail "$stage: $(confd_status .)"

say "one watch a resource, and no request without need"
api '{"op": "reset-counts"}'
holds 3 api_counts '.requests == {} and .watching == {"configmaps": 1, "nodes": 1, "secrets": 1} and .violations == []'

say "secrets are for who asks for them"
in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --show-model >"$dir/model" 2>"$dir/model.err" || fail "$stage: $(cat "$dir/model.err")"
jq -e '.secrets.site.bgp.word == "***" and .configmaps.site.racks.other == "x" and (.configmaps | keys) == ["site"] and .nodes.n1.kind == "Node"
	and .nodes.n1.metadata.managedFields == null' "$dir/model" >/dev/null || fail "$stage: $(cat "$dir/model")"
in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --show-model --show-secrets 2>>"$dir/model.err" | jq -e '.secrets.site.bgp.word == "hidden-word"' >/dev/null ||
	fail "$stage: not even with --show-secrets"
confd_status . >"$dir/status"
for f in model model.err status confd.log; do
	! grep -q -e hidden-word -e "$(printf hidden-word | base64)" "$dir/$f" || fail "$stage: it is in $f"
done

say "a change is followed, and what is gone is gone"
for n in 1 2 3; do
	began=$(now_ms)
	api "$(racks "{\"as\": \"6460$n\"}")"
	expect 10 line "as 6460$n"
	echo "in the file after at most $(($(now_ms) - began)) ms"
done
no_line 'peer ' || fail "$stage: an entry that is not there any more"
api "$(del Node n2)" "$(k_secret site bgp word another-word)"
expect 10 line 'password another-word'
expect 10 no_line 'node n2'
api "$(del ConfigMap racks site)"
expect 10 no_line 'as '
api "$(racks '{"as": "64700"}')"
expect 10 line 'as 64700'

say "what a template does not read is no new file"
before=$(written)
api "$(racks '{"as": "64700", "unread": "1"}')"
holds 1 same

say "versions that are gone: what went meanwhile is gone"
api '{"op": "deny", "resource": "nodes", "status": 503}' '{"op": "drop"}' "$(del Node n1)" "$(k_plain_node n3 c)" '{"op": "compact"}' \
	'{"op": "allow", "resource": "nodes"}'
expect 60 line 'node n3 c'
expect 10 no_line 'node n1'
expect 60 confd_status '.troubles == []'

say "lists that are cut off, half, garbage, something else and empty take nothing back"
before=$(written)
for what in truncate half garbage other empty; do
	api '{"op": "compact"}' '{"op": "drop"}'
	api_fault 1 "$what" 'configmaps[?]limit=500' '"verb": "list"'
done
holds 3 same
expect 60 confd_status '.troubles == []'
expect 20 api_counts '.watches == 3'
same || fail "$stage: something changed"

say "what may not be read any more stays"
api '{"op": "deny", "resource": "secrets", "status": 403}' '{"op": "drop"}'
expect 20 confd_status '[.troubles[].what] == ["kubernetes secrets"] and (.troubles[0].text | contains("403"))'
same || fail "$stage: something changed"
api "$(racks '{"as": "64701"}')"
expect 20 line 'as 64701'
line 'password another-word' || fail "$stage: it did not stay"
api '{"op": "allow", "resource": "secrets"}'
expect 60 confd_status '.troubles == []'

say "what the check refuses does not come into place"
api "$(racks '{"as": "refused"}')"
expect 10 confd_status '.templates[0].result == "failed"'
line 'as 64701' || fail "$stage: $(cat "$dir/keys.conf")"
api "$(racks '{"as": "64702"}')"
expect 10 line 'as 64702'

say "a server that is away, bgpconfd that starts meanwhile, and what changed until it is back"
before=$(written)
stop api KILL
expect 20 confd_status 'any(.troubles[]; .what == "kubernetes")'
stop confd KILL
confd_start
expect 10 confd_status '.synced == false and any(.troubles[]; .what == "kubernetes")'
holds 1 same
api_start n1 --whole-secrets
api '{"op": "deny", "resource": "configmaps", "status": 503}' "$(racks '{"as": "64702"}')" "$(k_plain_node n4 d)" \
	"$(k_secret site bgp word another-word)" '{"op": "allow", "resource": "configmaps"}'
expect 60 confd_status '.synced and .troubles == []'
expect 10 line 'node n4 d'
expect 10 line 'as 64702'
expect 10 no_line 'node n3'

say "it comes back as it was before: what it has is what there is"
api '{"op": "snapshot"}' "$(racks '{"as": "64703"}')"
expect 20 line 'as 64703'
api '{"op": "restore"}'
expect 20 line 'as 64702'

say "what is in place is what would be made of nothing"
expect 20 confd_status '.troubles == []'
from_nothing
api_counts '.violations == []' || fail "$stage: $(cat "$dir/api.out")"
clean_stop confd
