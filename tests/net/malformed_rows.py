# SPDX-License-Identifier: Apache-2.0
"""The table of malformed and edge messages, and what the RFCs have become of each.

A row is a message, or a few octets that are none. What is expected is read in the RFC that the row names:

  Reset(code, subcode[, data])  that NOTIFICATION, then the connection is closed; the session's routes are gone
  Gone()      the connection is closed without a NOTIFICATION
  Withdraw()  treat-as-withdraw (RFC 7606 2): the session stays, the route that it had before is gone
  Route(...)  the session stays and has the route, now with what the message says: attributes by their name in
              `show rib`, and in sent= those that another neighbour gets, in hex by type (None: without it; a
              negative type: the flags)
  Unused()    the session stays, the route is not used: neither valid nor sent to another neighbour
  Stays()     the session stays and the route is as it was
  Up(...)     the session comes up (rows whose octets are an OPEN), with those capabilities negotiated

Where a row says "choice", the RFC leaves freedom and the row is what we do with it.
"""
import collections
import struct

OPEN, UPDATE, NOTIFICATION, KEEPALIVE, REFRESH = 1, 2, 3, 4, 5
MARKER = b"\xff" * 16

Row = collections.namedtuple("Row", "name rfc where octets expect prefix")
Reset = collections.namedtuple("Reset", "code subcode data", defaults=(None,))
Gone = collections.namedtuple("Gone", "")
Withdraw = collections.namedtuple("Withdraw", "")
Stays = collections.namedtuple("Stays", "")
Unused = collections.namedtuple("Unused", "")


class Route:
    def __init__(self, sent=None, **members):
        self.sent, self.members = sent or {}, members


class Up:
    def __init__(self, **members):
        self.members = members


# Builders -------------------------------------------------------------------------------------------------------


def u16(v):
    return struct.pack(">H", v)


def u32(v):
    return struct.pack(">I", v)


def message(kind, body=b"", length=None):
    return MARKER + struct.pack(">HB", 19 + len(body) if length is None else length, kind) + body


def cap(code, value=b"", length=None):
    return bytes([code, len(value) if length is None else length]) + value


def mp(afi, safi=1):
    return cap(1, struct.pack(">HBB", afi, 0, safi))


V4, V6, AS4 = mp(1), mp(2), cap(65, u32(65002))
CAPS = V4 + V6 + AS4 + cap(2) + cap(70) + cap(6)


def param(value, kind=2, length=None):
    return bytes([kind, len(value) if length is None else length]) + value


def param_ext(value, kind=2, length=None):
    return struct.pack(">BH", kind, len(value) if length is None else length) + value


def extended(params, first=255, length=None):
    """Optional parameters in the form of RFC 9072."""
    return struct.pack(">BBH", first, 255, len(params) if length is None else length) + params


def opening(caps=CAPS, asn=65002, hold=90, router_id=0x0a5a0909, version=4, params=None):
    """An OPEN; params replaces everything behind the identifier."""
    if params is None:
        params = param(caps)
        params = bytes([len(params)]) + params
    return message(OPEN, struct.pack(">BHHI", version, asn, hold, router_id) + params)


def attr(flags, kind, value=b"", length=None, ext=False):
    length = len(value) if length is None else length
    if ext or length > 255:
        return struct.pack(">BBH", flags | 0x10, kind, length) + value
    return struct.pack(">BBB", flags, kind, length) + value


def seq(*ases, kind=2, count=None, size=4):
    return bytes([kind, len(ases) if count is None else count]) + b"".join(a.to_bytes(size, "big") for a in ases)


WELL, OPT, OPTRANS = 0x40, 0x80, 0xc0
NLRI = bytes([24, 192, 0, 2])
PREFIX, PREFIX6 = "192.0.2.0/24", "2001:db8:1::/48"
NLRI6 = bytes([48]) + bytes.fromhex("20010db80001")
HOP4, HOP6, LOCAL6 = bytes([10, 90, 1, 1]), bytes.fromhex("fd990001" + "0" * 23 + "2"), bytes.fromhex("fe80" + "0" * 27 + "2")
ORIGIN, PATH, HOP = attr(WELL, 1, b"\0"), attr(WELL, 2, seq(65002)), attr(WELL, 3, HOP4)
GOOD = [ORIGIN, PATH, HOP]


def update(attrs=(), nlri=b"", withdrawn=b"", alen=None, wlen=None):
    attrs = b"".join(attrs)
    return message(UPDATE, u16(len(withdrawn) if wlen is None else wlen) + withdrawn
                   + u16(len(attrs) if alen is None else alen) + attrs + nlri)


def plus(*attrs):
    """A good announcement with further attributes."""
    return update(GOOD + list(attrs), NLRI)


def path(value, flags=WELL):
    return update([ORIGIN, attr(flags, 2, value), HOP], NLRI)


def hop(value, flags=WELL):
    return update([ORIGIN, PATH, attr(flags, 3, value)], NLRI)


def reach(afi=2, safi=1, hop=HOP6, nlri=NLRI6, nhlen=None, flags=OPT):
    return attr(flags, 14, struct.pack(">HBB", afi, safi, len(hop) if nhlen is None else nhlen) + hop + b"\0" + nlri)


def unreach(afi=2, safi=1, nlri=NLRI6, flags=OPT):
    return attr(flags, 15, struct.pack(">HB", afi, safi) + nlri)


def refresh(afi=1, subtype=0, safi=1, more=b""):
    return message(REFRESH, struct.pack(">HBB", afi, subtype, safi) + more)


def notification(code, subcode, data=b""):
    return message(NOTIFICATION, bytes([code, subcode]) + data)


def every_cut(data):
    """The message once for each place where it can be cut in two."""
    return [part for cut in range(1, len(data)) for part in (data[:cut], data[cut:])]


ROWS = []


def row(name, rfc, octets, expect, where="external", prefix=PREFIX):
    ROWS.append(Row(name, rfc, where, octets, expect, prefix))


# The header (RFC 4271 6.1) --------------------------------------------------------------------------------------

for i in (0, 7, 15):
    bad = bytearray(message(KEEPALIVE))
    bad[i] = 0xfe
    row("marker octet %d wrong" % i, "4271 6.1", bytes(bad), Reset(1, 1))
row("marker of zeros", "4271 6.1", bytes(16) + message(KEEPALIVE)[16:], Reset(1, 1), "bare")
for length in (0, 1, 18):
    row("length %d" % length, "4271 6.1", message(KEEPALIVE, length=length), Reset(1, 2, u16(length)))
for kind, lengths in ((OPEN, (19, 28)), (UPDATE, (19, 22)), (NOTIFICATION, (19, 20)), (KEEPALIVE, (20, 4096)), (REFRESH, (19, 22))):
    for length in lengths:
        row("type %d of %d octets" % (kind, length), "4271 6.1, 2918 3", message(kind, length=length), Reset(1, 2, u16(length)))
row("KEEPALIVE with a body", "4271 4.4", message(KEEPALIVE, b"\0"), Reset(1, 2, u16(20)))
for length in (4097, 65535):
    row("UPDATE of %d octets, nothing offered" % length, "8654 4", message(UPDATE, length=length), Reset(1, 2, u16(length)), "short")
    row("OPEN of %d octets in a session with extended messages" % length, "8654 4", message(OPEN, length=length), Reset(1, 2, u16(length)))
    row("KEEPALIVE of %d octets in a session with extended messages" % length, "8654 4", message(KEEPALIVE, length=length), Reset(1, 2, u16(length)))
row("OPEN of 4097 octets first", "8654 4", message(OPEN, length=4097), Reset(1, 2, u16(4097)), "bare")
row("UPDATE of 4097 octets before any session", "4271 6.1", message(UPDATE, length=4097), Reset(1, 2, u16(4097)), "bare")
for kind in (0, 6, 7, 128, 255):
    row("type %d" % kind, "4271 6.1", message(kind), Reset(1, 3, bytes([kind])))
row("type 0 first", "4271 6.1", message(0), Reset(1, 3, b"\0"), "bare")
row("bad length and bad type: either", "4271 6.1, choice: length first", message(0, length=18), Reset(1, 2, u16(18)))
row("bad marker and bad length: either", "4271 6.1, choice: marker first", b"\xfe" + message(0, length=18)[1:], Reset(1, 1))

# OPEN (RFC 4271 6.2) ----------------------------------------------------------------------------------------------

for version in (0, 3, 5, 255):
    row("version %d" % version, "4271 6.2", opening(version=version), Reset(2, 1, u16(4)), "bare")
row("AS of somebody else", "4271 6.2", opening(V4 + cap(65, u32(65099)), asn=65099), Reset(2, 2), "bare")
row("AS 0", "7607 2", opening(V4 + cap(65, u32(0)), asn=0), Reset(2, 2), "bare")
row("AS 0 in the capability", "7607 2, 6793 4.2.1", opening(V4 + cap(65, u32(0))), Reset(2, 2), "bare")
row("AS 0 in the field alone", "7607 2", opening(V4 + AS4, asn=0), Reset(2, 2), "bare")
row("AS_TRANS in the capability", "6793 9", opening(V4 + cap(65, u32(23456)), asn=23456), Reset(2, 2), "bare")
row("AS_TRANS without the capability", "6793 9", opening(V4, asn=23456), Reset(2, 2), "bare")
row("AS in the capability of somebody else", "6793 4.1", opening(V4 + cap(65, u32(65099))), Reset(2, 2), "bare")
row("AS_TRANS before a capability with the right AS", "6793 9", opening(asn=23456), Up(as4=True), "bare")
for hold in (1, 2):
    row("hold time %d" % hold, "4271 6.2", opening(hold=hold), Reset(2, 6), "bare")
for hold in (0, 3, 65535):
    row("hold time %d" % hold, "4271 4.2", opening(hold=hold), Up(), "bare")
row("identifier 0", "6286 2.2", opening(router_id=0), Reset(2, 3), "bare")
row("identifier ours, internal", "6286 2.2", opening(V4 + cap(65, u32(65001)), asn=65001, router_id=0x0a5a8001), Reset(2, 3), "bare-internal")
row("identifier ours, external", "6286 2.2", opening(router_id=0x0a5a8001), Up(), "bare")
row("identifier of class E", "6286 2.1: any number but 0", opening(router_id=0xffffffff), Up(), "bare")

for name, params in (
        ("no parameters, length 1", b"\1"),
        ("parameters shorter than their length", b"\x06" + param(V4[:4])[:5]),
        ("octets behind the parameters", bytes([8]) + param(V4) + b"\0"),
        ("octets behind no parameters", b"\0" + param(V4)),
        ("parameter that ends after its type", b"\1\2"),
        ("parameter longer than the rest", bytes([8]) + param(V4, length=7)),
        ("capability that ends after its code", bytes([3]) + param(b"\1")),
        ("capability longer than its parameter", bytes([8]) + param(cap(1, V4[2:], length=5))),
        ("multiprotocol of 3 octets", bytes([7]) + param(cap(1, b"\0\1\0"))),
        ("multiprotocol of 5 octets", bytes([9]) + param(cap(1, b"\0\1\0\1\0"))),
        ("four-octet AS of 2 octets", bytes([6]) + param(cap(65, u16(65002)))),
        ("four-octet AS of 5 octets", bytes([9]) + param(cap(65, u32(65002) + b"\0"))),
        ("four-octet AS without a value", bytes([4]) + param(cap(65)))):
    row(name, "4271 6.2: recognized, but malformed", opening(params=params), Reset(2, 0), "bare")
for kind in (0, 1, 3, 254):
    row("parameter type %d" % kind, "4271 6.2", opening(params=bytes([6]) + param(V4[:4], kind)), Reset(2, 4), "bare")
row("parameter type 1 behind capabilities", "4271 6.2, 5492 5", opening(params=bytes([len(CAPS) + 4]) + param(CAPS) + param(b"", 1)), Reset(2, 4), "bare")
row("no capabilities at all", "4271 4.2", opening(params=b"\0"), Up(as4=False), "bare")
row("an empty parameter of capabilities", "5492 4", opening(params=b"\2" + param(b"")), Up(as4=False), "bare")
row("a parameter for each capability", "5492 4", opening(params=bytes([len(V4 + V6 + AS4) + 6]) + param(V4) + param(V6) + param(AS4)), Up(as4=True, multiprotocol=["ipv4-unicast", "ipv6-unicast"]), "bare")
row("no family in common", "5492 5, 4760 8", opening(mp(25, 65) + AS4), Reset(2, 7, V4 + V6), "bare")
row("an unknown SAFI beside ours", "4760 8", opening(V4 + mp(1, 99) + AS4), Up(multiprotocol=["ipv4-unicast"]), "bare")
row("multiprotocol twice", "5492 4", opening(V4 + V4 + AS4), Up(multiprotocol=["ipv4-unicast"]), "bare")
row("four-octet AS twice", "5492 4", opening(V4 + AS4 + AS4), Up(as4=True), "bare")
row("route refresh twice", "5492 4", opening(V4 + AS4 + cap(2) + cap(2)), Up(route_refresh=True), "bare")
for code in (0, 63, 99, 255):
    row("capability %d" % code, "5492 3: ignored", opening(V4 + AS4 + cap(code, b"abc")), Up(as4=True), "bare")
row("capability with a value of 200 octets", "5492 4", opening(V4 + AS4 + cap(240, bytes(200))), Up(as4=True), "bare")
for name, code, value in (("route refresh of 1 octet", 2, b"\0"), ("extended messages of 1 octet", 6, b"\0"),
                          ("enhanced refresh of 1 octet", 70, b"\0"), ("extended next hop of 5 octets", 5, bytes(5)),
                          ("graceful restart of 1 octet", 64, b"\0"), ("graceful restart of 3 octets", 64, bytes(3)),
                          ("ADD-PATH of 3 octets", 69, b"\0\1\1"), ("role of 2 octets", 9, b"\0\0"), ("role without a value", 9, b"")):
    row(name, "5492 gives no error, choice: as if it were absent", opening(V4 + AS4 + cap(code, value)),
        Up(route_refresh=False, extended_message=False, role=None), "bare")
for mode in (0, 4, 255):
    row("ADD-PATH mode %d" % mode, "7911 4: ignored", opening(V4 + AS4 + cap(69, struct.pack(">HBB", 1, 1, mode))), Up(add_path={}), "bare-addpath")
row("ADD-PATH for a family that was not offered", "7911 4", opening(V4 + AS4 + cap(69, struct.pack(">HBB", 2, 1, 3))), Up(add_path={}), "bare-addpath")
row("ADD-PATH for an unknown family", "7911 4", opening(V4 + AS4 + cap(69, struct.pack(">HBB", 99, 1, 3))), Up(add_path={}), "bare-addpath")

# RFC 9072
row("extended parameters", "9072 2", opening(params=extended(param_ext(CAPS))), Up(as4=True), "bare")
row("extended parameters whose first length is 1", "9072 2: anything but 0", opening(params=extended(param_ext(CAPS), first=1)), Up(as4=True), "bare")
row("extended parameters of 600 octets", "9072 2", opening(params=extended(param_ext(CAPS) + b"".join(param_ext(cap(240, bytes(190))) for _ in range(3)))), Up(as4=True), "bare")
row("extended parameters, none", "9072 2", opening(params=extended(b"")), Up(as4=False), "bare")
row("an OPEN of 4096 octets", "9072, 8654 4", opening(params=extended(b"".join(param_ext(cap(240, bytes(n))) for n in [245] * 16 + [38]) + param_ext(V4 + V6 + AS4))), Up(), "bare")
row("extended parameters too long by 1", "9072 3, 4271 6.2", opening(params=extended(param_ext(CAPS), length=len(CAPS) + 4)), Reset(2, 0), "bare")
row("extended parameters too short by 1", "9072 3, 4271 6.2", opening(params=extended(param_ext(CAPS), length=len(CAPS) + 2)), Reset(2, 0), "bare")
row("extended parameters without their length", "9072 2", opening(params=b"\xff\xff"), Reset(2, 0), "bare")
row("extended parameters, one octet of their length", "9072 2", opening(params=b"\xff\xff\0"), Reset(2, 0), "bare")
row("extended parameter longer than the rest", "9072 2", opening(params=extended(param_ext(CAPS, length=len(CAPS) + 1))), Reset(2, 0), "bare")
row("extended parameters with short ones inside", "9072 2", opening(params=extended(param(V4))), Reset(2, 0), "bare")
row("extended parameter of type 1", "4271 6.2", opening(params=extended(param_ext(b"", 1))), Reset(2, 4), "bare")
row("extended parameter of type 255 inside", "9072 2", opening(params=extended(param_ext(b"", 255))), Reset(2, 4), "bare")

# RFC 9234 4.2: we are the provider
for number, expect in ((0, Reset(2, 11)), (1, Reset(2, 11)), (2, Reset(2, 11)), (3, Up(role="provider")), (4, Reset(2, 11)), (5, Reset(2, 11)), (255, Reset(2, 11))):
    row("role %d to a provider" % number, "9234 4.2", opening(CAPS + cap(9, bytes([number]))), expect, "bare-role")
row("no role to a provider", "9234 4.2, not strict", opening(), Up(), "bare-role")
row("customer twice", "9234 4.2", opening(CAPS + cap(9, b"\3") * 2), Up(role="provider"), "bare-role")
row("customer and peer", "9234 4.2", opening(CAPS + cap(9, b"\3") + cap(9, b"\4")), Reset(2, 11), "bare-role")

# Messages that do not belong to the state (RFC 6608) ---------------------------------------------------------------

for kind, octets in ((UPDATE, update()), (KEEPALIVE, message(KEEPALIVE)), (REFRESH, refresh())):
    row("type %d in OpenSent" % kind, "6608 4", octets, Reset(5, 1, bytes([kind])), "bare")
for kind, octets in ((OPEN, opening()), (UPDATE, update()), (REFRESH, refresh())):
    row("type %d in OpenConfirm" % kind, "6608 4", opening() + octets, Reset(5, 2, bytes([kind])), "bare")
row("OPEN in Established", "6608 4", opening(), Reset(5, 3, b"\1"))

# NOTIFICATION: none is answered by another (RFC 4271 6.4) ---------------------------------------------------------

row("NOTIFICATION in OpenSent", "4271 6.4", notification(6, 2), Gone(), "bare")
row("NOTIFICATION in OpenConfirm", "4271 6.4", opening() + notification(6, 2), Gone(), "bare")
for name, rfc, octets in (
        ("of an unknown code", "4271 6.4", notification(99, 99)),
        ("of code 0", "4271 6.4", notification(0, 0, b"x")),
        ("with an unknown subcode", "4271 6.4", notification(3, 200)),
        ("of 4096 octets", "4271 4.5", notification(6, 2, b"\xff" + b"x" * 4074)),
        ("with a communication of 255 octets", "9003 2", notification(6, 2, b"\xff" + b"x" * 255)),
        ("with a communication of no octets", "9003 2", notification(6, 4, b"\0")),
        ("with a communication that is cut", "9003 4: logged, else ignored", notification(6, 2, b"\x05abc")),
        ("with octets behind the communication", "9003 4", notification(6, 2, b"\1abc")),
        ("with a communication that is no UTF-8", "9003 4", notification(6, 4, b"\2\xc3\x28")),
        ("with control characters", "9003 4", notification(6, 2, b"\5a\0\x1b\r\n")),
        ("of a Hard Reset without what is inside", "8538 3.1", notification(6, 9, b"\6")),
        ("of a Hard Reset in a Hard Reset", "8538 3.1", notification(6, 9, b"\6\x09\6\x09"))):
    row("NOTIFICATION " + name, rfc, octets, Gone())

# ROUTE-REFRESH ------------------------------------------------------------------------------------------------------

for subtype in (1, 2):
    for more in (b"\0", bytes(5)):
        bad = refresh(1, subtype, 1, more)
        row("refresh of subtype %d and %d octets" % (subtype, len(bad)), "7313 5: the data is the message", bad, Reset(7, 1, bad))
for subtype in (3, 255):
    row("refresh of subtype %d" % subtype, "7313 5: ignored", refresh(1, subtype), Stays())
row("refresh of an unknown family", "2918 4: ignored", refresh(99, 0, 1), Stays())
row("refresh of an unknown SAFI", "2918 4", refresh(1, 0, 99), Stays())
row("refresh of a family that was not negotiated", "2918 4", refresh(2), Stays(), "v4only")
row("refresh with filters behind it", "5291 4, capability not offered; choice: as without", refresh(1, 0, 1, b"\1\x40\0\1\0"), Stays())
row("refresh", "2918 4", refresh(), Stays())
# RFC 8654 4: extended messages are all but OPEN and KEEPALIVE; 5: what is sent is as short as ever
LONG = refresh(1, 1, 1, bytes(4977))
row("refresh of subtype 1 and 5000 octets", "7313 5, 8654 5: as much of it as 4096 octets take", LONG, Reset(7, 1, LONG[: 4096 - 21]))
row("refresh of 5000 octets", "8654 4", refresh(1, 0, 1, bytes(4977)), Stays())
row("NOTIFICATION of 5000 octets", "8654 4", notification(6, 2, b"\0" + bytes(4978)), Gone())
for kind in (NOTIFICATION, REFRESH):
    row("type %d of 4097 octets, nothing offered" % kind, "8654 4", message(kind, length=4097), Reset(1, 2, u16(4097)), "short")
row("EoRR without BoRR", "7313 4", refresh(1, 2), Stays())
row("BoRR and EoRR around nothing", "7313 4: what was not sent again is gone", refresh(1, 1) + refresh(1, 2), Withdraw())
row("BoRR twice, the route, EoRR", "7313 4", refresh(1, 1) * 2 + update(GOOD, NLRI) + refresh(1, 2), Route(med=None))
row("refresh that was not offered", "2918 4, choice: answered all the same", refresh(), Stays(), "v4only")

# UPDATE: its fields (RFC 4271 6.3, 7606 3, 4, 5) ---------------------------------------------------------------------

row("withdrawn longer than the message", "7606 3 b", update(wlen=1), Reset(3, 1))
row("withdrawn of 65535 octets", "7606 3 b", update(wlen=65535), Reset(3, 1))
row("withdrawn leaves no room for the length of attributes", "7606 3 b", update(withdrawn=b"", wlen=2), Reset(3, 1))
row("attributes longer than the message", "7606 3 b", update(GOOD, alen=len(b"".join(GOOD)) + 1), Reset(3, 1))
row("attributes of 65535 octets", "7606 3 b", update(GOOD, NLRI, alen=65535), Reset(3, 1))
for bits in (33, 64, 255):
    row("NLRI of %d bits" % bits, "7606 5.3, 4271 6.3", update(GOOD, bytes([bits]) + bytes(32)), Reset(3, 10))
    row("withdrawn of %d bits" % bits, "7606 5.3", update(withdrawn=bytes([bits]) + bytes(32)), Reset(3, 10))
row("NLRI that is cut", "7606 5.3", update(GOOD, NLRI[:3]), Reset(3, 10))
row("NLRI of a length alone", "7606 5.3", update(GOOD, b"\x18"), Reset(3, 10))
row("withdrawn that is cut", "7606 5.3", update(withdrawn=NLRI[:2]), Reset(3, 10))
row("a good prefix before a cut one", "7606 5.3", update(GOOD, NLRI + NLRI[:3]), Reset(3, 10))
row("attribute longer than the list", "7606 4", plus(attr(OPTRANS, 8, u32(1), length=5)), Withdraw())
row("attribute of 255 octets in a short list", "7606 4", plus(attr(OPTRANS, 8, u32(1), length=255)), Withdraw())
row("extended attribute longer than the list", "7606 4", plus(attr(OPTRANS, 8, u32(1), length=4096, ext=True)), Withdraw())
row("one octet left of the list", "7606 4", plus(b"\xc0"), Withdraw())
row("two octets left of the list", "7606 4", plus(b"\xc0\x08"), Withdraw())
row("three octets left of an extended attribute", "7606 4", plus(b"\xd0\x08\0"), Withdraw())
row("the first attribute longer than the list", "7606 4", update([attr(WELL, 1, b"\0", length=200)], NLRI), Withdraw())
row("no attributes for a prefix", "7606 3 d", update([], NLRI), Withdraw())
row("attribute error without NLRI", "7606 5.2", update([attr(WELL, 1, b"\3"), PATH]), Reset(3, 6, attr(WELL, 1, b"\3")))
row("attribute discard without NLRI", "7606 5.2: not stronger than discard", update([ORIGIN, PATH, attr(WELL, 6, b"\0")]), Stays())
row("attributes without NLRI", "7606 5.2, 4271 4.3", update(GOOD), Stays())
row("withdrawal of what was never there", "4271 9.1.4", update(withdrawn=bytes([24, 198, 51, 99])), Stays())
row("withdrawal", "4271 4.3", update(withdrawn=NLRI), Withdraw())
row("withdrawal twice in a message", "4271 4.3", update(withdrawn=NLRI * 2), Withdraw())
row("prefix withdrawn and announced in a message", "4271 4.3: as if it were not withdrawn", update(GOOD, NLRI, withdrawn=NLRI), Route(med=None))
row("prefix twice in a message", "4271 4.3", update(GOOD, NLRI * 2), Route(med=None))
row("host bits behind the prefix", "4271 4.3: they do not matter", update(GOOD, bytes([23, 192, 0, 3])), Route(), prefix="192.0.2.0/23")
row("prefix of 0 bits", "4271 4.3", update(GOOD, b"\0"), Route(), prefix="0.0.0.0/0")
row("prefix of 32 bits", "4271 4.3", update(GOOD, bytes([32, 192, 0, 2, 9])), Route(), prefix="192.0.2.9/32")
row("prefix of 1 bit", "4271 4.3", update(GOOD, b"\1\xff"), Route(), prefix="128.0.0.0/1")
row("multicast prefix", "4271 6.3: ignored", update(GOOD, bytes([24, 224, 0, 1]) + NLRI), Route(med=None))
row("End-of-RIB", "4724 2", update(), Stays())
row("End-of-RIB twice", "4724 2", update() * 2, Stays())
row("End-of-RIB of IPv6", "4724 2", update([unreach(nlri=b"")]), Stays())
row("End-of-RIB of IPv4 in MP_UNREACH_NLRI", "4724 2", update([unreach(1, nlri=b"")]), Stays())
row("an UPDATE of 4096 octets", "4271 4.1", plus(attr(OPTRANS, 99, bytes(4096 - len(plus()) - 4))), Route(med=None))
row("an UPDATE of 65535 octets", "8654 4", plus(attr(OPTRANS, 99, bytes(65535 - len(plus()) - 4))), Route(med=None))
row("an UPDATE of 5000 octets, who sends it has not offered it", "8654 4: who offers must take", plus(attr(OPTRANS, 99, bytes(5000 - len(plus()) - 4))), Route(med=None), "v4only")
row("an UPDATE cut at every octet", "4271 4.1", every_cut(plus()), Route(med=None))
row("500 messages in a segment", "4271 4.1", message(KEEPALIVE) * 250 + update(withdrawn=NLRI) * 249 + plus(), Route(med=None))
