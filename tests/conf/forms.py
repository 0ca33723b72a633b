#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same resources in the form that each datastore has them in.

    forms.py directory OUT PATH...          files, one for each resource
    forms.py etcd [--put URL] [--delete] [--prefix /calico] PATH...
                                            keys as Calico lays them out: a JSON object with key and value a line,
                                            or put into etcd, or deleted there
    forms.py kubernetes [--group v3] OUT PATH...
                                            a JSON list of Kubernetes objects, Calico's of the API group
                                            crd.projectcalico.org/v1, or of projectcalico.org/v3

PATH is a file with YAML documents as calicoctl takes them, and Kubernetes objects, or a folder of those.
"""
import argparse
import base64
import json
import os
import sys
import urllib.request

import yaml

PLURALS = {
    "BGPConfiguration": "bgpconfigurations",
    "BGPFilter": "bgpfilters",
    "BGPPeer": "bgppeers",
    "EndpointSlice": "endpointslices",
    "IPPool": "ippools",
    "Node": "nodes",
    "Secret": "secrets",
    "Service": "services",
}
NAMESPACED = ("EndpointSlice", "Secret", "Service")
TXN_MAX = 100  # operations; etcd takes 128


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Times stay texts: JSON has none."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files(path):
    if not os.path.isdir(path):
        return [path]
    return sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if name.endswith((".yaml", ".yml", ".json")) and not name.startswith(".")
    )


def resources(paths):
    """Each resource; lists are what is in them."""
    for path in [f for p in paths for f in files(p)]:
        with open(path, encoding="utf-8") as f:
            for document in yaml.load_all(f, Loader):
                if document is None:
                    continue
                if document["kind"].endswith("List") and isinstance(document.get("items"), list):
                    yield from document["items"]
                else:
                    yield document


def name_of(resource):
    return resource["metadata"]["name"]


def space_of(resource):
    return resource["metadata"].get("namespace", "default") if resource["kind"] in NAMESPACED else None


# ---- a directory ----


def directory(args):
    os.makedirs(args.out, exist_ok=True)
    for r in resources(args.paths):
        parts = [r["kind"], space_of(r) or "", name_of(r)]
        with open(os.path.join(args.out, ".".join(p for p in parts if p).replace("/", "-") + ".json"), "w", encoding="utf-8") as f:
            json.dump(r, f)


# ---- etcd ----


def etcd_key(resource, prefix):
    """Its key and value; None: etcd has no such."""
    kind = resource["kind"]
    if kind == "BlockAffinity":
        spec = resource["spec"]
        family = 6 if ":" in spec["cidr"] else 4
        # Of virtual blocks Calico has keys of another kind, which nobody reads here.
        if spec.get("type", "host") not in ("", "host"):
            return None
        value = {name: spec[name] for name in ("state", "deleted") if name in spec}
        return f"{prefix}/ipam/v2/host/{spec['node']}/ipv{family}/block/{spec['cidr'].replace('/', '-')}", json.dumps(value)
    if kind not in PLURALS:
        return None
    path = "/".join(p for p in (PLURALS[kind], space_of(resource), name_of(resource)) if p)
    return f"{prefix}/resources/v3/projectcalico.org/{path}", json.dumps(resource)


def octets(text):
    return base64.b64encode(text.encode()).decode()


def etcd_send(url, keys, delete):
    for first in range(0, len(keys), TXN_MAX):
        part = keys[first : first + TXN_MAX]
        if delete:
            operations = [{"request_delete_range": {"key": octets(k)}} for k, _ in part]
        else:
            operations = [{"request_put": {"key": octets(k), "value": octets(v)}} for k, v in part]
        body = json.dumps({"success": operations}).encode()
        with urllib.request.urlopen(urllib.request.Request(url.rstrip("/") + "/v3/kv/txn", data=body)) as answer:
            if not json.load(answer).get("succeeded"):
                sys.exit("forms.py: etcd did not take it")


def etcd(args):
    # The last of the same key counts; a transaction may have each but once.
    keys = dict(filter(None, (etcd_key(r, args.prefix.rstrip("/")) for r in resources(args.paths))))
    if args.put is None:
        for key, value in keys.items():
            print(json.dumps({"key": key, "value": value}))
    else:
        etcd_send(args.put, list(keys.items()), args.delete)


# ---- Kubernetes ----

NODE_ANNOTATIONS = {
    "IPv4Address": ("bgp", "ipv4Address"),
    "IPv6Address": ("bgp", "ipv6Address"),
    "ASNumber": ("bgp", "asNumber"),
    "RouteReflectorClusterID": ("bgp", "routeReflectorClusterID"),
    "IPv4WireguardInterfaceAddr": ("wireguard", "interfaceIPv4Address"),
    "IPv6WireguardInterfaceAddr": ("wireguard", "interfaceIPv6Address"),
}


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def kubernetes_node(resource):
    """Half of the labels are Kubernetes' own, and half of them Calico's alone."""
    meta, annotations = resource["metadata"], {}
    labels = sorted((name, text_of(value)) for name, value in meta.get("labels", {}).items())
    for annotation, (part, key) in NODE_ANNOTATIONS.items():
        value = ((resource.get("spec") or {}).get(part) or {}).get(key)
        if value is not None:
            annotations[f"projectcalico.org/{annotation}"] = text_of(value)
    annotations["projectcalico.org/labels"] = json.dumps(dict(labels[1::2]))
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": meta["name"], "labels": dict(labels[::2]), "annotations": annotations}}


def kubernetes_calico(resource, group):
    meta, spec = resource["metadata"], dict(resource.get("spec") or {})
    labels = {name: text_of(value) for name, value in meta.get("labels", {}).items()}
    if group == "v3":
        return {"kind": resource["kind"], "apiVersion": "projectcalico.org/v3", "metadata": {"name": meta["name"], "labels": labels}, "spec": spec}
    if resource["kind"] == "BlockAffinity":
        spec["deleted"] = text_of(spec.get("deleted", False))
    annotations = {"projectcalico.org/metadata": json.dumps({"name": meta["name"], "labels": labels, "creationTimestamp": None})}
    return {"kind": resource["kind"], "apiVersion": "crd.projectcalico.org/v1", "metadata": {"name": meta["name"], "annotations": annotations}, "spec": spec}


def kubernetes_object(resource, group):
    kind = resource["kind"]
    if kind == "Node":
        return kubernetes_node(resource)
    if kind not in NAMESPACED:
        return kubernetes_calico(resource, group)
    out = json.loads(json.dumps(resource))
    for key, value in out.pop("stringData", {}).items():  # as the server does it
        out.setdefault("data", {})[key] = octets(text_of(value))
    return out


def kubernetes(args):
    with open(args.out, "w", encoding="utf-8") as f:
        json.dump([kubernetes_object(r, args.group) for r in resources(args.paths)], f)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    forms = p.add_subparsers(required=True)
    form = forms.add_parser("directory")
    form.set_defaults(make=directory)
    form.add_argument("out")
    form.add_argument("paths", nargs="+")
    form = forms.add_parser("etcd")
    form.set_defaults(make=etcd)
    form.add_argument("--put", metavar="URL")
    form.add_argument("--delete", action="store_true")
    form.add_argument("--prefix", default="/calico")
    form.add_argument("paths", nargs="+")
    form = forms.add_parser("kubernetes")
    form.set_defaults(make=kubernetes)
    form.add_argument("--group", choices=("crd", "v3"), default="crd")
    form.add_argument("out")
    form.add_argument("paths", nargs="+")
    args = p.parse_args()
    args.make(args)


if __name__ == "__main__":
    main()
