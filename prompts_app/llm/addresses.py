"""Which base URLs are accepted, and which addresses may be connected to.

A base URL is checked twice: its spelling when it is entered (`check_base_url`), and the
addresses its host resolves to at the moment of connecting (`blocked_reason`, used by
`network.Backend`, which then connects to that very address).
"""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 6598 (carrier-grade NAT), RFC 8215 (local-use NAT64) and the deprecated RFC 3879
# site-local block are not "private" to the ipaddress module in every Python version.
_ALSO_BLOCKED: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "198.18.0.0/15",
        "168.63.129.16/32",  # Azure's platform address, public by its number only
        "64:ff9b:1::/48",
        "fec0::/10",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


class BaseURLError(ValueError):
    """A base URL that is not accepted.

    `code` is one of: `bad_url`, `bad_scheme`, `https_required`, `userinfo`, `query`,
    `no_host`, `bad_port`, `private_address`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _embedded_ipv4(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address may lead to: mapped, compatible, 6to4, Teredo, NAT64."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def _plain_reason(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if address.is_unspecified:
        return "unspecified"
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link_local"
    if address.is_multicast:
        return "multicast"
    if any(address.version == net.version and address in net for net in _ALSO_BLOCKED):
        return "reserved"
    if address.is_private:
        return "private"
    if address.is_reserved or not address.is_global:
        return "reserved"
    return None


def blocked_reason(address: str) -> str | None:
    """Why this IP address may not be called from a non-operator's endpoint; None if it may.

    `address` is an IPv4 or IPv6 address as `getaddrinfo` prints it. The answer is one of
    `unspecified`, `loopback`, `link_local`, `multicast`, `private`, `reserved`, `not_an_address`.
    IPv6 spellings that embed an IPv4 address are judged by that address too.
    """
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "not_an_address"
    if isinstance(parsed, ipaddress.IPv6Address):
        for inner in _embedded_ipv4(parsed):
            reason = _plain_reason(inner)
            if reason is not None:
                return reason
        if parsed.ipv4_mapped is not None:
            return None
    return _plain_reason(parsed)


def _literal(host: str) -> str | None:
    """The IP address a host spells, old spellings (`127.1`, `0x7f000001`) included; else None."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    # inet_aton also takes trailing words after a space; a host never holds one here.
    if host and host[0].isdigit() and " " not in host:
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            return None
    return None


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    if not url.isprintable() or any(c.isspace() or c == "\\" for c in url):
        raise BaseURLError("bad_url")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        raw_host = parts.netloc.rsplit("@", 1)[-1]
    except ValueError:
        raise BaseURLError("bad_url") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise BaseURLError("bad_scheme")
    try:
        port = parts.port
    except ValueError:
        raise BaseURLError("bad_port") from None
    if port == 0 or (port is None and raw_host.endswith(":")):
        raise BaseURLError("bad_port")
    return parts, _ascii_host(host), port


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if not host:
        raise BaseURLError("no_host")
    if "%" in host:
        raise BaseURLError("bad_url")
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).compressed
        except ValueError:
            raise BaseURLError("bad_url") from None
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BaseURLError("bad_url") from None
    if len(name) > 253 or not all(c.isalnum() or c in "-._" for c in name):
        raise BaseURLError("bad_url")
    return name


def _joined(scheme: str, host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    if port is None or port == _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{shown}"
    return f"{scheme}://{shown}:{port}"


def _host_is_private(host: str) -> bool:
    literal = _literal(host)
    if literal is not None:
        return blocked_reason(literal) is not None
    # A name without a dot ("localhost", a container's name) cannot be a public host.
    return "." not in host or host.endswith(_PRIVATE_SUFFIXES)


def check_base_url(url: str, allow_private: bool) -> str:
    """The base URL in its one spelling: `scheme://host[:port][/path]`, no slash at the end.

    Plain `http` is accepted only with `allow_private`. Raises BaseURLError (a ValueError with
    a `code`) for anything else: other schemes, a user name or password, a query or fragment,
    a missing or malformed host or port, and, without `allow_private`, a host that is private
    by its very spelling. What a public name resolves to is checked when connecting.
    """
    parts, host, port = _split(url.strip())
    scheme = parts.scheme
    if "@" in parts.netloc:
        raise BaseURLError("userinfo")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise BaseURLError("query")
    if not allow_private:
        if _host_is_private(host):
            raise BaseURLError("private_address")
        if scheme != "https":
            raise BaseURLError("https_required")
    segments = [part for part in parts.path.split("/") if part]
    if not parts.path.isascii() or any(part in (".", "..") for part in segments):
        raise BaseURLError("bad_url")
    path = "".join(f"/{part}" for part in segments)
    return _joined(scheme, host, port) + path


def origin(url: str) -> str:
    """Scheme, host and port of a base URL, `https://api.example.com[:port]`, in one spelling.

    Two base URLs with the same origin may share a key; a changed origin blanks it. Raises
    BaseURLError where the URL has no such parts.
    """
    parts, host, port = _split(url.strip())
    return _joined(parts.scheme, host, port)


def is_private_host(url: str) -> bool:
    """Whether the host is on this machine or network, judged by its spelling alone (no DNS).

    True for loopback and private addresses, `localhost`, names without a dot and the suffixes
    kept for local networks. A model there costs nothing unless somebody sets a price.
    """
    try:
        return _host_is_private(_split(url.strip())[1])
    except BaseURLError:
        return False
