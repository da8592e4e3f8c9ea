"""Which addresses may be asked, and where a connection may go."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.address import checked, checked_host, is_public
from mojentic_nb.tools.policy import Policy

PUBLIC = "93.184.216.34"
ANYWHERE = Policy.everything()


def names(**known):
    """A name server that knows these names, written with `_` for a dot, and counts."""
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        found = known.get(host.replace(".", "_"), [PUBLIC])
        if not found:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    resolve.asked = asked
    return resolve


# Each is refused even where every public host is allowed. Every name is public here:
# what is refused is refused for the way it is written or the number it is.
TRICKS = [
    "",
    " ",
    "example.org",
    "//example.org/",
    "http:",
    "http://",
    "http:///etc/passwd",
    "http:example.org",
    "http:/example.org",
    "http://?x",
    "http://:80/",
    "http://.",
    "http://./",
    "http://..",
    "http://example..org/",
    "http://example.org../",
    "http://.example.org/",
    "http://-example.org/",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "ftp://example.org/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "gopher://example.org:25/",
    "jar:http://example.org!/",
    "ws://example.org/",
    "httpx://example.org/",
    "http://127.0.0.1/",
    "http://127.0.0.1:80/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.127.127.127/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0x7f000001/",
    "http://0X7F.1/",
    "http://0x7f.0.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.01/",
    "http://127.0.0.1./",
    "http://10.0.0.1./",
    "http://1.2.3.4.5/",
    "http://256.256.256.256/",
    "http://example.0x/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254./",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::127.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2001:db8::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[2606:2800:220:1::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[::1",
    "http://::1/",
    "http://[127.0.0.1]/",
    "http://[::1]x/",
    "http://[v1.x]/",
    "http://evil.com@10.0.0.1/",
    "http://user:secret@example.org/",
    "http://example.org@/",
    "http://@example.org/",
    "http://example.org\\@10.0.0.1/",
    "http:\\\\example.org\\",
    "http://example.org\\.evil.com/",
    "http://exa\tmple.org/",
    "http://exa\nmple.org/",
    "ht\ntp://example.org/",
    "\nhttp://example.org/",
    "http://example.org/\r\nHost: evil",
    "http://example.org\x00.evil.com/",
    "http://exam ple.org/",
    "http://example.org\u3000/",
    "http://example.org\u200b/",
    "http://example.org/\udc80",
    "http://%31%32%37.0.0.1/",
    "http://example%2eorg/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://example.org／evil/",
    "http://example.org：80/",
    "http://example.org:0/",
    "http://example.org:65536/",
    "http://example.org:99999999999/",
    "http://example.org:-1/",
    "http://example.org:+80/",
    "http://example.org:8_0/",
    "http://example.org:８０/",
    "http://example.org:80:80/",
    "http://example.org,10.0.0.1/",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 130 + "org/",
]


@pytest.mark.parametrize("url", TRICKS)
def test_a_trick_is_refused_before_any_name_is_looked_up(url):
    resolve = names()
    with pytest.raises(ToolDenied):
        checked(url, ANYWHERE, resolve=resolve)
    assert resolve.asked == []


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.1.1", "::1", "fd00::1", "fe80::1%eth0",
     "::ffff:192.168.0.1", "64:ff9b::7f00:1", "2002:c0a8:1::", "0.0.0.0", "224.0.0.251"],
)  # fmt: skip
def test_a_name_that_leads_to_a_private_machine_is_refused(ip):
    with pytest.raises(ToolDenied) as refused:
        checked("http://inside.example.org/", ANYWHERE, resolve=names(inside_example_org=[ip]))
    assert ip not in str(refused.value)


def test_one_private_number_among_public_ones_is_enough_to_refuse():
    resolve = names(mixed_org=[PUBLIC, "10.0.0.1"])
    with pytest.raises(ToolDenied):
        checked("http://mixed.org/", ANYWHERE, resolve=resolve)


@pytest.mark.parametrize(
    "url, asked, host, port",
    [
        ("http://example.org", "http://example.org/", "example.org", 80),
        ("  HTTPS://EXAMPLE.org:443/A?b=C#d ", "https://example.org/A?b=C", "example.org", 443),
        ("http://example.org./x", "http://example.org/x", "example.org", 80),
        ("http://example.org:/x", "http://example.org/x", "example.org", 80),
        ("http://example.org:8080", "http://example.org:8080/", "example.org", 8080),
        ("http://bücher.example/ü?ä", "http://xn--bcher-kva.example/%C3%BC?%C3%A4",
         "xn--bcher-kva.example", 80),
        ("http://a_b.example.org/%41", "http://a_b.example.org/%41", "a_b.example.org", 80),
        ("http://93.184.216.34/", "http://93.184.216.34/", "93.184.216.34", 80),
        ("http://[2606:2800:220:1::1]:81/", "http://[2606:2800:220:1::1]:81/",
         "2606:2800:220:1::1", 81),
        ("http://example.org/?to=http://10.0.0.1/@x", "http://example.org/?to=http://10.0.0.1/@x",
         "example.org", 80),
    ],
)  # fmt: skip
def test_a_plain_address_is_put_in_its_one_form(url, asked, host, port):
    found = checked(url, ANYWHERE, resolve=names())
    assert (found.url, found.host, found.port) == (asked, host, port)


@pytest.mark.parametrize(
    "pattern, host, allowed",
    [
        ("example.org", "example.org", True),
        ("EXAMPLE.org.", "example.org", True),
        ("example.org", "www.example.org", False),
        ("example.org", "evilexample.org", False),
        ("example.org", "example.org.evil.com", False),
        ("*.example.org", "www.example.org", True),
        ("*.example.org", "a.b.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "evilexample.org", False),
        ("*.0.0.1", "127.0.0.1", False),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("93.184.216.34", "93.184.216.34", True),
        ("*", "any.host", True),
        ("exam*", "example.org", False),
        ("", "example.org", False),
    ],
)
def test_a_domain_is_compared_label_by_label(pattern, host, allowed):
    policy = Policy(domains=(pattern,))
    if allowed:
        assert checked(f"http://{host}/", policy, resolve=names()).host == host
        return

    resolve = names()
    with pytest.raises(ToolDenied):
        checked(f"http://{host}/", policy, resolve=resolve)
    assert resolve.asked == [], "a name that may not be asked is not looked up either"


def test_nothing_may_be_asked_by_default():
    with pytest.raises(ToolDenied, match=r"'example\.org' may not be asked"):
        checked("http://example.org/", Policy(), resolve=names())


@pytest.mark.parametrize(
    "domains, host, ips, allowed",
    [
        (("127.0.0.1",), "127.0.0.1", [], True),
        (("127.0.0.1",), "127.0.0.2", [], False),
        (("::1",), "[::1]", [], True),
        (("[::1]",), "[::1]", [], True),
        (("localhost",), "localhost", ["127.0.0.1", "::1"], True),
        (("localhost",), "localhost", ["10.0.0.1"], False),
        (("localhost",), "127.0.0.1", [], False),
        (("*", "127.0.0.1"), "inside.org", ["127.0.0.1"], False),
        (("inside.org",), "inside.org", ["10.0.0.1"], False),
        (("inside.org", "10.0.0.1"), "inside.org", ["10.0.0.1"], True),
        (("*.inside.org", "10.0.0.1"), "a.inside.org", ["10.0.0.1"], False),
        (("169.254.169.254",), "169.254.169.254", [], True),
    ],
)
def test_a_private_machine_must_be_named_itself(domains, host, ips, allowed):
    resolve = names(**{host.replace(".", "_"): ips})
    policy = Policy(domains=domains)
    if allowed:
        assert checked(f"http://{host}/", policy, resolve=resolve).ips
    else:
        with pytest.raises(ToolDenied):
            checked(f"http://{host}/", policy, resolve=resolve)


def test_a_name_is_looked_up_once_and_its_numbers_kept():
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    def rebinding(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in next(answers)]

    found = checked("http://rebind.org/", ANYWHERE, resolve=rebinding)
    assert found.ips == (PUBLIC,)
    with pytest.raises(ToolDenied):
        checked("http://rebind.org/", ANYWHERE, resolve=rebinding)


@pytest.mark.parametrize("answer", [[], ["nonsense"]])
def test_an_unknown_name_is_a_mistake_and_no_refusal(answer):
    with pytest.raises(ToolError, match=r"no host 'gone\.org'") as told:
        checked("http://gone.org/", ANYWHERE, resolve=names(gone_org=answer))
    assert not isinstance(told.value, ToolDenied)


def test_a_refusal_tells_no_secret_of_the_address():
    for url in ("http://me:hunter2@example.org/", "http://example.com/hunter2?key=hunter2"):
        with pytest.raises(ToolDenied) as refused:
            checked(url, Policy(domains=("example.net",)), resolve=names())
        assert "hunter2" not in f"{refused.value!r}{refused.value}"


def test_a_host_by_itself_is_looked_at_in_the_same_way():
    mail = Policy(domains=("mail.example.org", "127.0.0.1"))
    assert checked_host("Mail.Example.org", mail, port=25, resolve=names()) == (PUBLIC,)
    assert checked_host("127.0.0.1", mail, port=25) == ("127.0.0.1",)
    for host in ("other.org", "127.1", "a@mail.example.org", "mail.example.org:25", ""):
        with pytest.raises(ToolDenied):
            checked_host(host, mail, port=25, resolve=names())


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_as_public_as_itself(ip):
    mapped = ipaddress.IPv6Address(f"::ffff:{ip}")
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(ip))
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80))
    for outer in (mapped, nat64, six_to_four):
        assert is_public(outer) == is_public(ip)


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    for url in (text, f"http://{text}", f"http://example.org/{text}"):
        try:
            found = checked(url, ANYWHERE, resolve=names())
        except ToolError:
            continue
        assert found.url.isascii()
        assert found.url.startswith(("http://", "https://"))
