# SPDX-License-Identifier: Apache-2.0
"""The daemons under test: where each is, and the same setup in each one's language.

A setup says: these neighbours, with everything accepted from each and all, nothing,
only the probe's prefix or all but that sent to each; installed in the kernel or not;
an import policy or none; equal paths used together or not; no delay of advertisements.
A Daemon writes it down and
names the programs to start.
"""
import os
import pwd
import shutil
from dataclasses import dataclass, field
from typing import List, Optional

from .net import ROUTER_ID
from .process import read

DAEMON_AS = 65000
PROBE_PREFIX = "203.0.113.0/24"


@dataclass
class Neighbor:
    address: str
    remote_as: int
    export: str = "none"  # none, all, probe, rest
    role: str = "hear"    # for the null forwarder: hear, mute, tell
    client: bool = False  # of a route reflector
    policy: bool = False  # the setup's rules are its import policy
    family: int = 4
    channel: int = 0
    local: str = ""       # the daemon's address towards it

    @property
    def internal(self):
        return self.remote_as == DAEMON_AS


@dataclass
class Setup:
    where: str  # a folder of its own
    neighbors: List[Neighbor] = field(default_factory=list)
    dials: bool = False        # the daemon opens the sessions
    kernel: bool = False
    multipath: bool = False    # internal paths
    rules: Optional[dict] = None  # bgpbench-peer's answer to "rules"

    def path(self, name):
        return os.path.join(self.where, name)


class Daemon:
    """name; program, None where it is not installed; why_not(scenario): a reason to leave it out."""

    name = ""
    places = ()
    fib = False       # installs routes in the kernel
    dialer = True
    peer = True       # is one of those that we are compared with
    rules = True      # takes the setup's import policy, if there is one
    compat_mode = 1   # net.ipv4.nexthop_compat_mode, where it matters; the kernel's default is 1

    def __init__(self, bench):
        self.program = self.find(bench)

    def find(self, _bench):
        return next((found for found in map(shutil.which, self.places) if found), None)

    def config(self, setup):
        raise NotImplementedError

    def commands(self, setup):
        """One or more command lines; the daemon itself is the last."""
        raise NotImplementedError

    def prepare(self, setup):
        with open(setup.path("conf"), "w", encoding="utf-8") as f:
            f.write(self.config(setup))
        os.chmod(setup.path("conf"), 0o600)


class Godwit(Daemon):
    name = "godwit"
    fib = True
    peer = False
    nexthop_objects = "auto"

    def find(self, bench):
        return shutil.which(os.path.abspath(bench.godwit) if bench.godwit else os.path.join(bench.builddir, "bgpd", "bgpd"))

    def config(self, setup):
        exports = {"none": "[reject]", "all": "[accept]", "probe": "[only-probe]", "rest": "[all-but-probe]"}
        lines = [
            "router: {as: %d, id: %s%s}" % (DAEMON_AS, ROUTER_ID, ", multipath: {ibgp: 16}" if setup.multipath else ""),
            "kernel: {export: [%s], learn: [reject], nexthop-objects: %s}" % (
                "accept" if setup.kernel else "reject", self.nexthop_objects),
            "control: {socket: %s}" % setup.path("godwit.sock"),
            "prefix-sets:",
            "  probe: [%s]" % PROBE_PREFIX,
        ]
        if setup.rules:
            lines.append("  listed: [%s]" % ", ".join('"%s le %d"' % (p, setup.rules["max_len"])
                                                      for p in setup.rules["prefixes"]))
            lines += [
                'as-path-sets: {unwanted: ["_%d_"]}' % setup.rules["as"],
                'community-sets: {marked: ["%d:%d"]}' % tuple(setup.rules["community"]),
            ]
        lines += [
            "policies:",
            "  only-probe: [{match: {prefix-set: probe}, action: accept}, {action: reject}]",
            "  all-but-probe: [{match: {prefix-set: probe}, action: reject}, {action: accept}]",
        ]
        if setup.rules:
            lines += [
                "  rules:",
                "    - {match: {as-path-set: unwanted}, action: reject}",
                '    - {match: {community-set: marked}, set: {add-communities: ["65000:200"]}, action: next}',
                '    - {match: {prefix-set: listed}, set: {add-communities: ["65000:100"]}, action: accept}',
                "    - {action: accept}",
            ]
        lines.append("neighbors:")
        for n in setup.neighbors:
            lines.append('  - {address: "%s", remote-as: %d, passive: %s, import: [%s], export: %s%s%s}' % (
                n.address, n.remote_as, "false" if setup.dials else "true", "rules" if n.policy else "accept",
                exports[n.export], ", route-reflector-client: true" if n.client else "",
                ", connect-retry-time: 1" if setup.dials else ""))
        return "\n".join(lines) + "\n"

    def commands(self, setup):
        return [[self.program, "-f", setup.path("conf"), "-s", setup.path("godwit.sock"), "-p", setup.path("pid")]]


class GodwitPlain(Godwit):
    """Without nexthop objects; a row of the scenarios of the kernel."""

    name = "godwit-plain"
    nexthop_objects = "off"


class GodwitNoCompat(Godwit):
    """Where no other program needs to see gateways in dumps; a row of the converge scenario."""

    name = "godwit-compat0"
    compat_mode = 0


class GodwitAccept(Godwit):
    """Ours with `accept` in the place of the rules; a row of the policy scenario, for what the rules cost."""

    name = "godwit-accept"
    rules = False


class Bird2(Daemon):
    name = "bird2"
    places = ("bird", "/usr/sbin/bird")
    fib = True

    def config(self, setup):
        exports = {"none": "none", "all": "all", "probe": "where net = %s" % PROBE_PREFIX,
                   "rest": "where net != %s" % PROBE_PREFIX}
        lines = ["router id %s;" % ROUTER_ID, "log stderr { fatal, error };", "protocol device { }"]
        if setup.kernel:
            # It would install routes without a next hop as unreachable ones.
            lines.append("protocol kernel { ipv4 { export where source = RTS_BGP && dest != RTD_UNREACHABLE; };%s }" % (
                " merge paths yes;" if setup.multipath else ""))
            # Next hops of internal routes resolve over these.
            lines.append("protocol direct { ipv4; check link yes; }")
        if setup.rules:
            lines += [
                "define listed = [ %s ];" % ", ".join("%s{%s,%d}" % (p, p.split("/")[1], setup.rules["max_len"])
                                                      for p in setup.rules["prefixes"]),
                "filter rules {",
                "  if bgp_path ~ [= * %d * =] then reject;" % setup.rules["as"],
                "  if (%d,%d) ~ bgp_community then bgp_community.add((65000,200));" % tuple(setup.rules["community"]),
                "  if net ~ listed then bgp_community.add((65000,100));",
                "  accept;",
                "}",
            ]
        for number, n in enumerate(setup.neighbors):
            lines.append(
                "protocol bgp n%d { local as %d; neighbor %s as %d; %s %s ipv%d { import %s; export %s; }; }" % (
                    number, DAEMON_AS, n.address, n.remote_as,
                    # Its default is to wait five seconds before it dials.
                    "connect delay time 0; connect retry time 1;" if setup.dials else "passive yes;",
                    "rr client; rr cluster id %s;" % ROUTER_ID if n.client else "", n.family,
                    "filter rules" if n.policy else "all", exports[n.export]))
        return "\n".join(lines) + "\n"

    def commands(self, setup):
        return [[self.program, "-f", "-c", setup.path("conf"), "-s", setup.path("bird.ctl"),
                 "-P", setup.path("pid")]]


class Frr(Daemon):
    name = "frr"
    places = ("/usr/lib/frr/bgpd",)
    fib = True

    def config(self, setup):
        lines = [
            "ip prefix-list none seq 1 deny any",
            "ip prefix-list probe seq 1 permit %s" % PROBE_PREFIX,
            "ip prefix-list rest seq 1 deny %s" % PROBE_PREFIX,
            "ip prefix-list rest seq 2 permit any",
            # The probe is an IPv4 route; IPv6 neighbours have lists of the same names.
            "ipv6 prefix-list none seq 1 deny any",
            "ipv6 prefix-list rest seq 1 permit any",
        ]
        if setup.rules:
            lines += ["ip prefix-list listed seq %d permit %s le %d" % (i + 1, p, setup.rules["max_len"])
                      for i, p in enumerate(setup.rules["prefixes"])]
            lines += [
                "bgp as-path access-list unwanted permit _%d_" % setup.rules["as"],
                "bgp community-list standard marked permit %d:%d" % tuple(setup.rules["community"]),
                "route-map rules deny 10", " match as-path unwanted",
                "route-map rules permit 20", " match community marked", " set community 65000:200 additive",
                " on-match next",
                "route-map rules permit 30", " match ip address prefix-list listed",
                " set community 65000:100 additive",
                "route-map rules permit 40",
            ]
        lines += ["router bgp %d" % DAEMON_AS, " bgp router-id %s" % ROUTER_ID, " bgp cluster-id %s" % ROUTER_ID,
                  " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast"]
        for n in setup.neighbors:
            lines += [" neighbor %s remote-as %d" % (n.address, n.remote_as),
                      " neighbor %s advertisement-interval 0" % n.address,
                      " neighbor %s %s" % (n.address, "timers connect 1" if setup.dials else "passive")]
        for family in (4, 6):
            lines.append(" address-family ipv%d unicast" % family)
            if setup.multipath:
                lines.append("  maximum-paths ibgp 16")
            for n in setup.neighbors:
                if n.family == family:
                    lines += self._activate(n, setup)
            lines.append(" exit-address-family")
        return "\n".join(lines) + "\n"

    @staticmethod
    def _activate(n, setup):
        lines = ["  neighbor %s activate" % n.address]
        if n.client:
            lines.append("  neighbor %s route-reflector-client" % n.address)
        # A single sender gets nothing back anyway, which costs less than a list that denies all.
        if n.export in ("probe", "rest") or (n.export == "none" and not n.internal and len(setup.neighbors) > 2):
            lines.append("  neighbor %s prefix-list %s out" % (n.address, n.export))
        if n.policy:
            lines.append("  neighbor %s route-map rules in" % n.address)
        return lines

    def commands(self, setup):
        common = ["-A", "127.0.0.1", "--vty_socket", setup.where, "--log", "stdout"]
        bgpd = [self.program, "-f", setup.path("conf"), "-i", setup.path("pid")] + common
        if not setup.kernel:
            return [bgpd + ["-n", "-Z", "-S"]]
        zebra = [os.path.join(os.path.dirname(self.program), "zebra"), "-f", "/dev/null", "-i", setup.path("zebra.pid"),
                 "-z", setup.path("zserv")] + common
        return [zebra, bgpd + ["-z", setup.path("zserv")]]

    def prepare(self, setup):
        super().prepare(setup)
        if setup.kernel:
            # zebra and bgpd give up root for this user, who must read and make files here.
            frr = pwd.getpwnam("frr")
            os.chown(setup.where, frr.pw_uid, frr.pw_gid)
            os.chown(setup.path("conf"), frr.pw_uid, frr.pw_gid)


class Gobgp(Daemon):
    name = "gobgp"
    places = ("gobgpd",)

    def config(self, setup):
        lines = ["[global.config]", "  as = %d" % DAEMON_AS, '  router-id = "%s"' % ROUTER_ID]
        statements_in, statements_out, sets = [], [], []
        if setup.rules:
            self._rules(setup, sets, statements_in)
        self._exports(setup, sets, statements_out)
        policies = [(name, statements) for name, statements in (("import", statements_in), ("export", statements_out))
                    if statements]
        if policies:
            lines.append("[global.apply-policy.config]")
            for name, _ in policies:
                lines += ['  %s-policy-list = ["%s"]' % (name, name), '  default-%s-policy = "accept-route"' % name]
        for n in setup.neighbors:
            lines += self._neighbor(n, setup)
        lines += sets
        for name, statements in policies:
            lines += ["[[policy-definitions]]", '  name = "%s"' % name] + statements
        return "\n".join(lines) + "\n"

    @staticmethod
    def _neighbor(n, setup):
        lines = ["[[neighbors]]", "  [neighbors.config]", '    neighbor-address = "%s"' % n.address,
                 "    peer-as = %d" % n.remote_as]
        if setup.dials:
            lines += ["  [neighbors.timers.config]", "    connect-retry = 1", "    idle-hold-time-after-reset = 1"]
        else:
            lines += ["  [neighbors.transport.config]", "    passive-mode = true"]
        if n.client:
            lines += ["  [neighbors.route-reflector.config]", "    route-reflector-client = true",
                      '    route-reflector-cluster-id = "%s"' % ROUTER_ID]
        return lines + ["  [[neighbors.afi-safis]]", "    [neighbors.afi-safis.config]",
                        '      afi-safi-name = "ipv%d-unicast"' % n.family]

    @staticmethod
    def _statement(name, conditions, actions):
        lines = ["  [[policy-definitions.statements]]", '    name = "%s"' % name]
        for table, values in conditions:
            lines += ["    [policy-definitions.statements.conditions%s]" % table] + ["      " + v for v in values]
        for table, values in actions:
            lines += ["    [policy-definitions.statements.actions%s]" % table] + ["      " + v for v in values]
        return lines

    def _rules(self, setup, sets, statements):
        rules = setup.rules
        sets += ["[[defined-sets.prefix-sets]]", '  prefix-set-name = "listed"']
        for prefix in rules["prefixes"]:
            sets += ["  [[defined-sets.prefix-sets.prefix-list]]", '    ip-prefix = "%s"' % prefix,
                     '    masklength-range = "%s..%d"' % (prefix.split("/")[1], rules["max_len"])]
        sets += ["[[defined-sets.bgp-defined-sets.as-path-sets]]", '  as-path-set-name = "unwanted"',
                 '  as-path-list = ["_%d_"]' % rules["as"],
                 "[[defined-sets.bgp-defined-sets.community-sets]]", '  community-set-name = "marked"',
                 '  community-list = ["^%d:%d$"]' % tuple(rules["community"])]

        def tag(value):
            return [(".bgp-actions.set-community", ['options = "add"']),
                    (".bgp-actions.set-community.set-community-method", ['communities-list = ["%s"]' % value])]
        statements += self._statement("unwanted", [(".bgp-conditions.match-as-path-set",
                                                    ['as-path-set = "unwanted"', 'match-set-options = "any"'])],
                                      [("", ['route-disposition = "reject-route"'])])
        statements += self._statement("marked", [(".bgp-conditions.match-community-set",
                                                  ['community-set = "marked"', 'match-set-options = "any"'])],
                                      tag("65000:200"))
        statements += self._statement("listed", [(".match-prefix-set", ['prefix-set = "listed"',
                                                                        'match-set-options = "any"'])],
                                      [("", ['route-disposition = "accept-route"'])] + tag("65000:100"))

    def _exports(self, setup, sets, statements):
        """Policies are global here: a statement for each kind of export, by the neighbours that have it."""
        kinds = {kind: [n for n in setup.neighbors if n.export == kind] for kind in ("none", "probe", "rest")}
        if len(setup.neighbors) == 2 and not kinds["probe"]:
            return  # one sender, which gets nothing back anyway
        sets += ["[[defined-sets.prefix-sets]]", '  prefix-set-name = "probe"',
                 "  [[defined-sets.prefix-sets.prefix-list]]", '    ip-prefix = "%s"' % PROBE_PREFIX,
                 '    masklength-range = "24..24"']
        for kind, match in (("none", None), ("probe", "invert"), ("rest", "any")):
            if not kinds[kind]:
                continue
            sets += ["[[defined-sets.neighbor-sets]]", '  neighbor-set-name = "%s"' % kind,
                     "  neighbor-info-list = [%s]" % ", ".join('"%s"' % n.address for n in kinds[kind])]
            conditions = [(".match-neighbor-set", ['neighbor-set = "%s"' % kind, 'match-set-options = "any"'])]
            if match:
                conditions.append((".match-prefix-set", ['prefix-set = "probe"', 'match-set-options = "%s"' % match]))
            statements += self._statement("to-" + kind, conditions, [("", ['route-disposition = "reject-route"'])])

    def commands(self, setup):
        return [[self.program, "-f", setup.path("conf"), "-t", "toml", "-l", "error", "--api-hosts", "127.0.0.1:50051",
                 "--pprof-disable"]]


class Openbgpd(Daemon):
    name = "openbgpd"
    places = ("/usr/sbin/bgpd",)

    def config(self, setup):
        lines = ["AS %d" % DAEMON_AS, "router-id %s" % ROUTER_ID, "fib-update no",
                 'socket "%s"' % setup.path("openbgpd.sock"), "connect-retry 1"]
        if setup.rules:
            lines.append("prefix-set listed { %s }" % ", ".join(
                "%s prefixlen %s - %d" % (p, p.split("/")[1], setup.rules["max_len"])
                if int(p.split("/")[1]) < setup.rules["max_len"] else p for p in setup.rules["prefixes"]))
        for n in setup.neighbors:
            lines += ["neighbor %s {" % n.address, "\tremote-as %d" % n.remote_as]
            if not setup.dials:
                lines.append("\tpassive")
            if n.family == 4:
                lines.append("\tannounce IPv6 none")
            else:
                lines += ["\tannounce IPv4 none", "\tannounce IPv6 unicast"]
            if n.export == "none":
                lines.append("\texport none")
            if n.client:
                lines.append("\troute-reflector %s" % ROUTER_ID)
            lines.append("}")
        lines += ["allow from any", "allow to any"]
        # The last rule that matches decides.
        for n in setup.neighbors:
            if n.policy:
                lines += ["match from %s community %d:%d set community 65000:200" % (
                              (n.address,) + tuple(setup.rules["community"])),
                          "match from %s prefix-set listed set community 65000:100" % n.address,
                          "deny quick from %s AS %d" % (n.address, setup.rules["as"])]
            if n.export == "probe":
                lines += ["deny to %s" % n.address, "allow to %s prefix %s" % (n.address, PROBE_PREFIX)]
            elif n.export == "rest":
                lines.append("deny to %s prefix %s" % (n.address, PROBE_PREFIX))
        return "\n".join(lines) + "\n"

    def prepare(self, setup):
        super().prepare(setup)
        # Its processes lock themselves into their user's home, which Debian's unit file makes at start.
        for user in ("_openbgpd", "_bgpd"):
            try:
                os.makedirs(pwd.getpwnam(user).pw_dir, mode=0o755, exist_ok=True)
            except KeyError:
                pass

    def commands(self, setup):
        return [[self.program, "-d", "-f", setup.path("conf")]]


class Null(Daemon):
    """The floor of the measurement: bgpbench-peer moving messages."""

    name = "null"
    peer = False
    rules = False

    def find(self, bench):
        return shutil.which(bench.peer)

    def config(self, setup):
        return "".join("%s %s channel=%d family=%d%s\n" % (
            n.role, n.address, n.channel, n.family,
            " dial local=%s" % n.local if setup.dials and n.local else "") for n in setup.neighbors)

    def commands(self, setup):
        return [[self.program, "null", str(DAEMON_AS), setup.path("conf")]]


class Bare(Daemon):
    """A row of the fib scenario alone: a batched netlink program in place of a daemon."""

    name = "bare"
    peer = False
    fib = True
    object = False

    def find(self, bench):
        return shutil.which(bench.peer)


class BareObject(Bare):
    """The same with a nexthop object."""

    name = "bare-object"
    object = True


DAEMONS = (Godwit, Bird2, Frr, Openbgpd, Gobgp, Null)
FIB_ROWS = (Godwit, GodwitPlain, Bird2, Frr, Bare, BareObject)
POLICY_ROWS = (Godwit, GodwitAccept, Bird2, Frr, Openbgpd, Gobgp, Null)
CONVERGE_ROWS = (Godwit, GodwitNoCompat, GodwitPlain, Bird2, Frr)


def last_words(setup, count=5):
    return read(setup.path("log")).strip().splitlines()[-count:]
