# SPDX-License-Identifier: Apache-2.0
"""The rows of malformed_rows.py about path attributes: their flags, lengths and values (RFC 7606 7 and others)."""
from malformed_rows import (GOOD, HOP, HOP4, HOP6, LOCAL6, NLRI, NLRI6, OPT, OPTRANS, ORIGIN, PATH, PREFIX6, ROWS, WELL,
                            Reset, Route, Stays, Unused, Withdraw, attr, hop, path, plus, reach, row, seq, u16, u32, unreach, update)

__all__ = ["ROWS"]


def lengths(name, rfc, flags, kind, wrong, expect, where="external"):
    for n in wrong:
        row("%s of %d octets" % (name, n), rfc, plus(attr(flags, kind, bytes([1]) * n)), expect, where)


# Flags (RFC 7606 3 c): optional and transitive must be those of the type, partial and the low bits do not matter
for flags in (0x00, 0x80, 0xc0):
    row("ORIGIN with flags %02x" % flags, "7606 3 c, 7.1", update([attr(flags, 1, b"\0"), PATH, HOP], NLRI), Withdraw())
    row("AS_PATH with flags %02x" % flags, "7606 3 c, 7.2", path(seq(65002), flags), Withdraw())
    row("NEXT_HOP with flags %02x" % flags, "7606 3 c, 7.3", hop(HOP4, flags), Withdraw())
for name, kind, flags, value in (("MED", 4, 0xc0, u32(1)), ("ATOMIC_AGGREGATE", 6, 0xc0, b""), ("AGGREGATOR", 7, 0x40, u32(1) * 2),
                                 ("COMMUNITIES", 8, 0x80, u32(1)), ("EXTENDED_COMMUNITIES", 16, 0x80, u32(1) * 2),
                                 ("LARGE_COMMUNITY", 32, 0x80, u32(1) * 3), ("OTC", 35, 0x80, u32(65002))):
    row("%s with flags %02x" % (name, flags), "7606 3 c", plus(attr(flags, kind, value)), Withdraw())
row("MP_REACH_NLRI with transitive", "7606 3 c", update([ORIGIN, PATH, reach(flags=0xc0)]), Withdraw(), prefix=PREFIX6)
row("low flag bits set", "4271 4.3: ignored", update([attr(0x4f, 1, b"\0"), PATH, HOP], NLRI), Route(med=None))
row("extended length for one octet", "4271 4.3", update([attr(WELL, 1, b"\0", ext=True), PATH, HOP], NLRI), Route(med=None))
row("extended length for no octets", "4271 4.3", plus(attr(WELL, 6, b"", ext=True)), Route(med=None, sent={6: ""}))

# RFC 7606 7.1
for n in (0, 2, 255):
    row("ORIGIN of %d octets" % n, "7606 7.1", update([attr(WELL, 1, bytes(n)), PATH, HOP], NLRI), Withdraw())
for v in (3, 128, 255):
    row("ORIGIN %d" % v, "7606 7.1", update([attr(WELL, 1, bytes([v])), PATH, HOP], NLRI), Withdraw())
for v, name in enumerate(("igp", "egp", "incomplete")):
    row("ORIGIN %s" % name, "4271 4.3", update([attr(WELL, 1, bytes([v])), PATH, HOP], NLRI), Route(origin=name, sent={1: "%02x" % v}))

# 7.2
for name, value in (("with segment type 0", seq(65002, kind=0)), ("with segment type 5", seq(65002, kind=5)), ("with segment type 255", seq(65002, kind=255)),
                    ("whose segment overruns", seq(65002, count=2)), ("whose segment underruns", seq(65002) + b"\2"),
                    ("with an empty segment", b"\2\0"), ("with an empty segment behind", seq(65002) + b"\2\0"),
                    ("of one octet", b"\2"), ("of two-octet numbers in a four-octet session", seq(65002, size=2))):
    row("AS_PATH " + name, "7606 7.2", path(value), Withdraw())
row("AS_PATH with AS 0", "7607 2", path(seq(65002, 0)), Withdraw())
row("AS_PATH with AS_SET", "9774 3", path(seq(65002) + seq(65003, kind=1)), Withdraw())
row("AS_PATH with AS_CONFED_SET", "9774 3, 5065 5", path(seq(65002) + seq(65003, kind=4)), Withdraw())
row("AS_PATH with a confederation's segment from outside", "5065 5, 7606 7.2", path(seq(65003, kind=3) + seq(65002)), Withdraw())
row("AS_PATH of somebody else first", "4271 6.3, 7606 7.2", path(seq(65099, 65002)), Withdraw())
row("AS_PATH empty from outside", "4271 5.1.2, 6.3", path(b""), Withdraw())
row("AS_PATH empty from inside", "4271 5.1.2", path(b""), Route(aspath=""), "internal")
row("AS_PATH with our own AS", "4271 9.1.2: not used", path(seq(65002, 65001)), Unused())
row("AS_PATH of 255 hops", "4271 4.3", path(seq(65002, *range(1000, 1254))), Route(med=None))
row("AS_PATH of 1000 hops in four segments", "4271 4.3",
    path(b"".join(seq(65002, *range(1000, 1249)) for _ in range(4))), Route(med=None))
row("AS_PATH of 600 segments", "4271 4.3", path(seq(65002) * 600), Route(med=None))
row("AS_PATH with AS 4294967295", "7300 2: reserved, no error of the message", path(seq(65002, 0xffffffff)), Route(aspath="65002 4294967295"))
row("AS_PATH missing", "7606 3 d", update([ORIGIN, HOP], NLRI), Withdraw())
row("ORIGIN missing", "7606 3 d", update([PATH, HOP], NLRI), Withdraw())
row("NEXT_HOP missing", "7606 3 d", update([ORIGIN, PATH], NLRI), Withdraw())
row("LOCAL_PREF missing from inside", "7606 3 d speaks of the mandatory ones; choice: the default", plus(), Route(), "internal")

# 7.3
for n in (0, 3, 5, 16):
    row("NEXT_HOP of %d octets" % n, "7606 7.3", hop(bytes([10]) * n), Withdraw())
for name, value in (("0.0.0.0", b"\0" * 4), ("127.0.0.1", b"\x7f\0\0\1"), ("224.0.0.1", b"\xe0\0\0\1"), ("255.255.255.255", b"\xff" * 4)):
    row("NEXT_HOP " + name, "4271 6.3, 7606 7.3: no host", hop(value), Withdraw())
row("NEXT_HOP that is ours", "4271 6.3: not used", hop(bytes([10, 90, 128, 1])), Unused())
row("NEXT_HOP that nobody knows", "4271 9.1.2: not used", hop(bytes([203, 0, 112, 1])), Unused())

# 7.4, 7.5, 7.9, 7.10
lengths("MED", "7606 7.4", OPT, 4, (0, 3, 5, 255), Withdraw())
lengths("LOCAL_PREF from inside", "7606 7.5", WELL, 5, (0, 3, 5), Withdraw(), "internal")
lengths("LOCAL_PREF from outside", "7606 7.5: discarded whatever it is", WELL, 5, (0, 3, 4, 5), Route(med=None, sent={5: None}))
lengths("ORIGINATOR_ID from inside", "7606 7.9", OPT, 9, (0, 3, 5, 8), Withdraw(), "internal")
lengths("ORIGINATOR_ID from outside", "7606 7.9: discarded", OPT, 9, (0, 3, 4, 5), Route(med=None, originator_id=None, sent={9: None}))
lengths("CLUSTER_LIST from inside", "7606 7.10", OPT, 10, (0, 3, 5, 7), Withdraw(), "internal")
lengths("CLUSTER_LIST from outside", "7606 7.10: discarded", OPT, 10, (0, 3, 4, 5), Route(med=None, cluster_list=[], sent={10: None}))
row("LOCAL_PREF 0 from inside", "4271 5.1.5", plus(attr(WELL, 5, u32(0))), Route(local_preference=0, sent={5: None}), "internal")
row("MED 4294967295", "4271 5.1.4", plus(attr(OPT, 4, b"\xff" * 4)), Route(med=4294967295))
row("ORIGINATOR_ID that is ours", "4456 8: ignored", plus(attr(WELL, 5, u32(9)), attr(OPT, 9, bytes([10, 90, 128, 1]))), Unused(), "internal")
row("CLUSTER_LIST with our cluster", "4456 8: ignored", plus(attr(WELL, 5, u32(9)), attr(OPT, 10, bytes([10, 90, 128, 1]))), Unused(), "internal")
row("CLUSTER_LIST of 60 clusters", "4456 8", plus(attr(OPT, 10, b"".join(u32(i + 1) for i in range(60)))), Route(), "internal")

# 7.6, 7.7
lengths("ATOMIC_AGGREGATE", "7606 7.6", WELL, 6, (1, 4, 255), Route(med=None, sent={6: None}))
lengths("AGGREGATOR", "7606 7.7", OPTRANS, 7, (0, 5, 6, 7, 9), Route(med=None, sent={7: None}))
row("AGGREGATOR with AS 0", "7607 2", plus(attr(OPTRANS, 7, u32(0) + HOP4)), Route(med=None, sent={7: None}))
row("AGGREGATOR", "4271 5.1.7", plus(attr(OPTRANS, 7, u32(65009) + HOP4)), Route(sent={7: "0000fdf1" + HOP4.hex()}))

# 7.8, 7.14, RFC 8092 6, RFC 9234 5
lengths("COMMUNITIES", "7606 7.8", OPTRANS, 8, (0, 1, 3, 5, 255), Withdraw())
lengths("EXTENDED_COMMUNITIES", "7606 7.14", OPTRANS, 16, (0, 4, 7, 9, 12), Withdraw())
lengths("LARGE_COMMUNITY", "8092 6", OPTRANS, 32, (0, 4, 8, 11, 13, 255), Withdraw())
lengths("OTC", "9234 5", OPTRANS, 35, (0, 2, 3, 5, 8), Withdraw())
row("LARGE_COMMUNITY twice the same", "8092 5: once", plus(attr(OPTRANS, 32, u32(1) * 6)), Route(large_communities=["1:1:1"]))
row("OTC from a customer", "9234 5: a leak, not used", plus(attr(OPTRANS, 35, u32(65009))), Unused(), "role")
row("COMMUNITIES of 1000", "1997", plus(attr(OPTRANS, 8, b"".join(u32(0xfde90000 + i) for i in range(1000)))), Route(med=None))
row("LARGE_COMMUNITY of 5000", "8092 3", plus(attr(OPTRANS, 32, b"".join(u32(65001) + u32(i) + u32(1) for i in range(5000)))), Route(med=None))
row("COMMUNITIES NO_ADVERTISE", "1997: kept, not passed on", plus(attr(OPTRANS, 8, u32(0xffffff02))), Route(communities=["no-advertise"]))

# Attributes nobody knows (RFC 4271 6.3, 9)
for kind in (41, 99, 254):
    bad = attr(WELL, kind, b"abc")
    row("well-known attribute %d" % kind, "4271 6.3", plus(bad), Reset(3, 2, bad))
    row("optional transitive attribute %d" % kind, "4271 9: passed on with Partial", plus(attr(OPTRANS, kind, b"abc")), Route(med=None, sent={kind: "616263", -kind: 0xe0}))
    row("optional attribute %d, not transitive" % kind, "4271 9: not passed on", plus(attr(OPT, kind, b"abc")), Route(med=None, sent={kind: None}))
row("optional transitive attribute of no octets", "4271 9", plus(attr(OPTRANS, 99)), Route(med=None, sent={99: ""}))
row("attribute of type 0", "reserved by IANA, choice: discarded", plus(attr(OPTRANS, 0, b"a")), Route(med=None, sent={0: None}))
row("well-known attribute of type 0", "4271 6.3", plus(attr(WELL, 0)), Reset(3, 2, attr(WELL, 0)))
row("DEVELOPMENT attribute of 3 KB", "4271 9", plus(attr(OPTRANS, 255, bytes(3000))), Route(med=None))
row("all types from 100 to 240", "4271 9", plus(*[attr(OPTRANS, k, b"\1") for k in range(100, 241)]), Route(med=None))

# An attribute twice (RFC 7606 3 g)
for name, again in (("ORIGIN", attr(WELL, 1, b"\2")), ("AS_PATH", attr(WELL, 2, seq(65002, 65009))), ("NEXT_HOP", attr(WELL, 3, bytes(4))), ("AS_PATH, malformed", attr(WELL, 2, b"\x09"))):
    row("%s twice" % name, "7606 3 g: all but the first discarded", plus(again), Route(med=None, origin="igp", aspath="65002"))
row("MED twice", "7606 3 g", plus(attr(OPT, 4, u32(7)), attr(OPT, 4, u32(8))), Route(med=7))
row("unknown attribute twice", "7606 3 g", plus(attr(OPTRANS, 99, b"a"), attr(OPTRANS, 99, b"b")), Route(sent={99: "61"}))
row("MP_REACH_NLRI twice", "7606 3 g", update([ORIGIN, PATH, reach(), reach()]), Reset(3, 1), prefix=PREFIX6)
row("MP_UNREACH_NLRI twice", "7606 3 g", update([unreach(), unreach()]), Reset(3, 1), prefix=PREFIX6)
row("attributes in reverse", "4271 5: any order is taken", update(GOOD[::-1], NLRI), Route(med=None))
row("a weak and a strong error", "7606 3 h: the strongest", plus(attr(WELL, 6, b"\0"), attr(OPTRANS, 8, b"\0")), Withdraw())

# RFC 6793: two-octet neighbours, and AS4_* from those that are not
O2, P2 = ORIGIN, attr(WELL, 2, seq(65002, 23456, size=2))


def old(*more):
    return update([O2, P2, HOP] + list(more), NLRI)


row("AS4_PATH in a four-octet session", "6793 4.1: discarded", plus(attr(OPTRANS, 17, seq(65002, 70000))), Route(aspath="65002", sent={17: None}))
row("AS4_PATH malformed in a four-octet session", "6793 6: discarded", plus(attr(OPTRANS, 17, b"\2\x09")), Route(aspath="65002", sent={17: None}))
row("AS4_AGGREGATOR in a four-octet session", "6793 4.1", plus(attr(OPTRANS, 18, u32(70000) + HOP4)), Route(med=None, sent={18: None}))
row("AS4_PATH", "6793 4.2.3", old(attr(OPTRANS, 17, seq(65002, 70000))), Route(aspath="65002 70000"), "as2")
row("AS4_PATH shorter than AS_PATH", "6793 4.2.3", old(attr(OPTRANS, 17, seq(70000))), Route(aspath="65002 70000"), "as2")
row("AS4_PATH longer than AS_PATH", "6793 4.2.3: ignored", old(attr(OPTRANS, 17, seq(65002, 70000, 70001))), Route(aspath="65002 23456"), "as2")
for name, value in (("of one octet", b"\2"), ("with segment type 9", seq(1, kind=9)), ("whose segment overruns", seq(1, count=3)), ("with an empty segment", b"\2\0"), ("of 6 octets, cut", seq(70000, 70001)[:6])):
    row("AS4_PATH " + name, "6793 6: discarded", old(attr(OPTRANS, 17, value)), Route(aspath="65002 23456"), "as2")
row("AS4_PATH with wrong flags", "6793 6, 7606 3 c, choice: discarded as other errors of it", old(attr(OPT, 17, seq(65002, 70000))), Route(aspath="65002 23456"), "as2")
row("AS4_PATH with AS_SET", "9774 3", old(attr(OPTRANS, 17, seq(70000, kind=1))), Withdraw(), "as2")
row("AS4_PATH with a confederation's segment", "6793 6: those are left out", old(attr(OPTRANS, 17, seq(64512, kind=3) + seq(65002, 70000))), Route(aspath="65002 70000"), "as2")
for n in (0, 4, 6, 7, 9):
    row("AS4_AGGREGATOR of %d octets" % n, "6793 6: discarded", old(attr(OPTRANS, 7, u16(23456) + HOP4), attr(OPTRANS, 18, b"\1" * n)), Route(sent={7: "00005ba0" + HOP4.hex()}), "as2")
row("AS4_AGGREGATOR", "6793 4.2.3", old(attr(OPTRANS, 7, u16(23456) + HOP4), attr(OPTRANS, 18, u32(70000) + HOP4)), Route(sent={7: "00011170" + HOP4.hex()}), "as2")
row("AS4_AGGREGATOR beside an AGGREGATOR that is not AS_TRANS", "6793 4.2.3: both AS4 ones are ignored", old(attr(OPTRANS, 7, u16(65009) + HOP4), attr(OPTRANS, 17, seq(65002, 70000)), attr(OPTRANS, 18, u32(70000) + HOP4)),
    Route(aspath="65002 23456", sent={7: "0000fdf1" + HOP4.hex()}), "as2")
row("AGGREGATOR of 8 octets from a two-octet neighbour", "7606 7.7", old(attr(OPTRANS, 7, u32(65009) + HOP4)), Route(sent={7: None}), "as2")
row("AS_PATH of four-octet numbers from a two-octet neighbour", "7606 7.2", path(seq(65002, 65003)), Withdraw(), "as2")

# RFC 5065, from another member of the confederation and from outside of it
for name, value, expect in (("that begins with AS_CONFED_SEQUENCE", seq(65102, kind=3), Route(med=None)), ("that begins with AS_SEQUENCE", seq(65102), Withdraw()),
                            ("that is empty", b"", Withdraw()), ("with AS_CONFED_SET", seq(65102, kind=3) + seq(65103, kind=4), Withdraw()),
                            ("with an empty AS_CONFED_SEQUENCE", b"\3\0", Withdraw()), ("with our member's number", seq(65102, 65101, kind=3), Unused())):
    row("member's AS_PATH " + name, "5065 5, 7606 7.2, 9774 3", path(value), expect, "member")
row("LOCAL_PREF from another member", "5065 5", update([ORIGIN, attr(WELL, 2, seq(65102, kind=3)), HOP, attr(WELL, 5, u32(77))], NLRI), Route(local_preference=77), "member")
row("LOCAL_PREF of 3 octets from another member", "5065 5, 7606 7.5", update([ORIGIN, attr(WELL, 2, seq(65102, kind=3)), HOP, attr(WELL, 5, b"\0\0\0")], NLRI), Withdraw(), "member")
row("AS_CONFED_SEQUENCE from outside of ours", "5065 5", path(seq(65002, kind=3)), Withdraw(), "outsider")
row("AS_PATH with the confederation's number", "5065 5: a loop", path(seq(65002, 65001)), Unused(), "outsider")

# MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760, 7606 7.11, 7.12, 5.3, 2545, 8950)
V6 = {"prefix": PREFIX6}


def six(value, *more):
    return update([ORIGIN, PATH, value] + list(more))


for n in (0, 1, 4):
    row("MP_REACH_NLRI of %d octets" % n, "7606 5.3, 7.11: its NLRI cannot be found", six(attr(OPT, 14, b"\0\2\1\x10\0"[:n])), Reset(3, 9), **V6)
for n in (0, 1, 2):
    row("MP_UNREACH_NLRI of %d octets" % n, "7606 5.3: its NLRI cannot be found", update([attr(OPT, 15, b"\0\2\1"[:n])]), Reset(3, 9), **V6)
for n in (0, 4, 8, 15, 17, 24, 31, 33, 48):
    row("next hop of %d octets for IPv6" % n, "7606 7.11, 2545 3", six(reach(hop=b"\xfd" * n)), Reset(3, 9), **V6)
row("next hop longer than the attribute", "7606 7.11", six(reach(nhlen=200)), Reset(3, 9), **V6)
row("next hop global and link-local", "2545 3", six(reach(hop=HOP6 + LOCAL6)), Route(med=None), **V6)
row("next hop ::", "7606 7.3 likewise, choice", six(reach(hop=bytes(16))), Withdraw(), **V6)
row("next hop ff02::1", "7606 7.3 likewise, choice", six(reach(hop=b"\xff\2" + bytes(13) + b"\1")), Withdraw(), **V6)
for name, nlri in (("of 129 bits", b"\x81" + bytes(17)), ("of 255 bits", b"\xff" + bytes(32)), ("that is cut", NLRI6[:5]), ("of a length alone", b"\x30"), ("good before one that is cut", NLRI6 * 2 + b"\x30")):
    row("MP_REACH_NLRI with a prefix " + name, "7606 5.3", six(reach(nlri=nlri)), Reset(3, 9), **V6)
    row("MP_UNREACH_NLRI with a prefix " + name, "7606 5.3", update([unreach(nlri=nlri)]), Reset(3, 9), **V6)
row("MP_REACH_NLRI", "4760 3", six(reach()), Route(med=None), **V6)
row("MP_REACH_NLRI last, with MED before", "7606 5.1: anywhere is taken", update([ORIGIN, PATH, attr(OPT, 4, u32(3)), reach()]), Route(med=3), **V6)
row("MP_REACH_NLRI first", "7606 5.1", update([reach(), ORIGIN, PATH]), Route(med=None), **V6)
row("MP_REACH_NLRI without prefixes", "7606 5.2", six(reach(nlri=b"")), Stays(), **V6)
row("MP_REACH_NLRI with the reserved octet set", "4760 3: ignored", six(attr(OPT, 14, b"\0\2\1\x10" + HOP6 + b"\xff" + NLRI6)), Route(med=None), **V6)
row("MP_REACH_NLRI with a bad NEXT_HOP beside it", "4760 3: that one means nothing", six(reach(), attr(WELL, 3, b"\0")), Route(med=None), **V6)
row("MP_REACH_NLRI without ORIGIN", "7606 3 d", update([PATH, reach()]), Withdraw(), **V6)
row("MP_REACH_NLRI without AS_PATH", "7606 3 d", update([ORIGIN, reach()]), Withdraw(), **V6)
row("MP_REACH_NLRI with COMMUNITIES of 3 octets", "7606 7.8", six(reach(), attr(OPTRANS, 8, b"abc")), Withdraw(), **V6)
row("MP_REACH_NLRI for ::/0", "4760 5", six(reach(nlri=b"\0")), Route(), prefix="::/0")
row("MP_REACH_NLRI for a /128", "4760 5", six(reach(nlri=b"\x80" + HOP6)), Route(), prefix="fd99:1::2/128")
for afi, safi in ((99, 1), (2, 99), (0, 0), (25, 65)):
    row("MP_REACH_NLRI for %d/%d" % (afi, safi), "4760 7, choice: that attribute is left out", six(reach(afi, safi)), Stays(), **V6)
    row("MP_UNREACH_NLRI for %d/%d" % (afi, safi), "4760 7, choice: that attribute is left out", update([unreach(afi, safi)]), Stays(), **V6)
row("MP_REACH_NLRI of a family that was not negotiated", "4760 7, choice: that attribute is left out", six(reach()), Stays(), "v4only")
row("MP_UNREACH_NLRI", "4760 4", update([unreach()]), Withdraw(), **V6)
row("MP_UNREACH_NLRI of what was never there", "4271 9.1.4", update([unreach(nlri=b"\x10\x20\x01")]), Stays(), **V6)
row("MP_UNREACH_NLRI with wrong flags", "7606 3 c, 7.12: withdraws all the same", update([unreach(flags=0xc0)]), Withdraw(), **V6)
row("IPv4 in MP_REACH_NLRI", "4760 3", update([ORIGIN, PATH, reach(1, hop=HOP4, nlri=NLRI)]), Route(med=None))
row("IPv4 in MP_UNREACH_NLRI", "4760 4", update([unreach(1, nlri=NLRI)]), Withdraw())
row("IPv4 with an IPv6 next hop that was not negotiated", "8950 4, 7606 7.11", update([ORIGIN, PATH, reach(1, hop=HOP6, nlri=NLRI)]), Reset(3, 9))
row("IPv4 with an IPv6 next hop", "8950 3", update([ORIGIN, PATH, reach(1, hop=HOP6, nlri=NLRI)]), Route(med=None), "enh")
row("IPv4 with an IPv6 and a link-local next hop", "8950 3", update([ORIGIN, PATH, reach(1, hop=HOP6 + LOCAL6, nlri=NLRI)]), Route(med=None), "enh")
for n in (0, 8, 12, 24, 48):
    row("IPv4 with a next hop of %d octets" % n, "8950 3, 7606 7.11", update([ORIGIN, PATH, reach(1, hop=b"\xfd" * n, nlri=NLRI)]), Reset(3, 9), "enh")

# ADD-PATH (RFC 7911 3)
row("path identifier", "7911 3", update(GOOD, u32(7) + NLRI), Route(med=None), "addpath")
for n in (1, 3, 4):
    row("NLRI that ends %d octets into a path identifier" % n, "7911 3, 7606 5.3", update(GOOD, u32(7) + NLRI + bytes(n)), Reset(3, 10), "addpath")
row("no path identifier where one is due", "7911 3: 192.0.2.* is none", update(GOOD, NLRI), Reset(3, 10), "addpath")
row("a path identifier where none is due", "7911 3, 4271 6.3", update(GOOD, u32(0x21212121) + NLRI), Reset(3, 10))
row("withdrawal of another path identifier", "7911 3", update(withdrawn=u32(8) + NLRI), Stays(), "addpath")
row("withdrawal of that path identifier", "7911 3", update(withdrawn=u32(1) + NLRI), Withdraw(), "addpath")
row("End-of-RIB with ADD-PATH", "4724 2", update(), Stays(), "addpath")
