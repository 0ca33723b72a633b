#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The JSON Schemas for editors against the golden tests of the configuration, on both sides: what bgpd takes, they take,
# and what it complains of they complain of at the same place, but for what a schema cannot know (BEYOND below). Also
# what the shipped template makes of Calico's resources, and every example in man/.
set -u
here=${srcdir:-.}
python3 -c 'import jsonschema, yaml' 2>/dev/null || { echo "no python3-jsonschema or python3-yaml" && exit 77; }
here=$(cd "$here" && pwd) || exit 1
bgpconfd=${BGPCONFD:-${GODWIT_BUILD:-.}/conf/bgpconfd}
bgpconfd=$(cd "$(dirname "$bgpconfd")" && pwd)/$(basename "$bgpconfd")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# What the template makes of each of the sets of resources.
for form in "$here"/tests/conf/forms/*.yaml; do
	name=$(basename "$form" .yaml)
	mkdir "$work/$name"
	cp "$form" "$work/$name"
	cat >"$work/$name.bgpconfd" <<EOT
node: kube-master
datastore: {type: files, path: $work/$name}
templates:
  - {src: $here/conf/templates/bgpd.yaml.mustache, dest: $work/$name.rendered}
EOT
	env -u NODENAME -u DATASTORE_TYPE "$bgpconfd" -f "$work/$name.bgpconfd" --once >"$work/err" 2>&1 ||
		{ cat "$work/$name.bgpconfd" "$work/err" && exit 1; }
done

cat >"$work/check.py" <<'EOT'
import glob
import json
import re
import sys

import jsonschema
import yaml

top, work = sys.argv[1:]

# YAML 1.2's core schema, as editors read: no yes and no, no octal with 0, no sexagesimal.
class Loader(yaml.SafeLoader):
    pass

Loader.yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}
for tag, regex, first in (("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
                          ("bool", "true|True|TRUE|false|False|FALSE", list("tTfF")),
                          ("int", "[-+]?[0-9]+", list("-+0123456789")),
                          ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789"))):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile("^(" + regex + ")$"), first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10))

# Errors that no schema of one place in one file can have.
BEYOND = {text: re.compile(text) for text in (
    "a second time", "a second document", "the name of an anchor", "bad YAML", "NUL character", "readable file",
    "expected the name of a (group|policy|prefix set|neighbor|community set)", "expected the name of an AS-path set",
    "path of ipv4", "found it for", "found it besides", "found true (without|with|for)", "for a neighbor of the confederation",
    "as before: a router serves", "of our confederation", "again, expected", "of another neighbor", "a role for",
    "expected another", "found (1|false) with", "no multiple of", "of another family", "the hold time of", "found another password",
    "found (none|other keys), expected the", "not in families", "expected interface besides", "expected an IPv6 address",
    "expected at most max", "no bits set beyond", "built in", "which sets next-hop", "expected its own", "8 at most", "besides vrf",
    "http:// with an IP", "more than one, expected one of via", "1[.]65536", "15M", "^router: found nothing", "8 le 7", "ge 20 le 19", "\\[2-1\\]", "rt:65536:65536", "4294967296., expected an AS-path", r"neighbors\[14\].max-prefix",
    "no number meets",
)}
unused = set(BEYOND)

def beyond(text):
    hits = [b for b, regex in BEYOND.items() if regex.search(text)]
    unused.difference_update(hits)
    return bool(hits)

def path_of(text):
    return tuple(int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", text))

def starts(a, b):
    return a[:len(b)] == b

class Checker:
    def __init__(self, name):
        self.schema = json.load(open(f"{top}/man/{name}.schema.json"))
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.validator = jsonschema.Draft7Validator(self.schema)

    def errors(self, path):
        value = yaml.load(open(path), Loader)
        return list(self.validator.iter_errors({} if value is None else value))

failed = passed = 0
def verdict(ok, *what):
    global failed, passed
    passed += ok
    failed += not ok
    if not ok:
        print("FAIL", *what)

def takes(checker, path):
    found = checker.errors(path)
    verdict(not found, path, *("\n  " + "/".join(map(str, e.absolute_path)) + ": " + e.message[:300] for e in found))

bgpd, bgpconfd = Checker("bgpd"), Checker("bgpconfd")
goods = sorted(glob.glob(f"{top}/tests/conf/*.ok"))
for ok in goods:
    takes(bgpd, ok[:-2] + "yaml")
    takes(bgpd, ok)
for path in sorted(glob.glob(f"{top}/tests/conf/inc/*.conf") + glob.glob(f"{top}/tests/conf/*.new") + glob.glob(f"{work}/*.rendered")):
    takes(bgpd, path)
for path in glob.glob(f"{work}/*.bgpconfd") + [f"{top}/tools/calico/bgpconfd.yaml"]:
    takes(bgpconfd, path)
examples = sorted(glob.glob(f"{top}/man/examples/*.yaml") + glob.glob(f"{top}/man/examples/calico/bgp*.yaml"))
for path in examples:
    takes(bgpconfd if "bgpconfd" in path else bgpd, path)

structural = 0
for err in sorted(glob.glob(f"{top}/tests/conf/*-bad.err")):
    own = err[:-3] + "yaml"
    wanted = []
    for line in open(err):
        file, _, _, path, text = line.rstrip("\n").split(":", 4) if line.count(":") >= 4 else (line, 0, 0, "", "")
        if file == own.split("/")[-1] and not beyond(path.strip() + ":" + text):
            wanted.append((path_of(path.strip()), line.strip()))
    if not wanted:
        continue
    found = [tuple(e.absolute_path) for e in bgpd.errors(own)]
    for path, line in wanted:
        structural += 1
        # A key that is missed or not known is an error of its map.
        ok = any(starts(p, path) or p == path[:-1] for p in found)
        verdict(ok, "not told by the schema:", line)
if not goods or structural < 80:
    verdict(False, f"{len(goods)} good files and {structural} errors are not all there were")
verdict(not unused, "no error is beyond the schema by", unused)
print(f"tests/conf/jsonschema: {passed} passed, {failed} failed")
sys.exit(failed != 0)
EOT
python3 "$work/check.py" "$here" "$work"
