"""Who may send to the node: by calling AE title, by address, or by both."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender that is let in; None stands for any title, or any address."""

    title: str | None
    network: IPv4Network | IPv6Network | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "AET@ADDRESS": an address or a network (10.1.0.0/16), `*` for any of one of them.

        Names of hosts are not taken: who answers for a name could let others in. ValueError if it
        is none, or would let in everybody.
        """
        title, at, address = text.rpartition("@")
        if not at or not 0 < len(title.strip()) <= 16 or not address:
            raise ValueError("expected AET@ADDRESS")
        if title == address == _ANY:
            raise ValueError("would let in everybody: name a title, or an address")
        return cls(
            None if title == _ANY else title.strip(),
            None if address == _ANY else ip_network(address, strict=False),
        )

    def _has(self, address: IPv4Address | IPv6Address) -> bool:
        return self.network is None or address in self.network


@dataclass(frozen=True, slots=True)
class AllowList:
    """All who are let in; nobody else is."""

    senders: tuple[Sender, ...]

    def lets_in(self, address: str) -> bool:
        """Whether a connection from an address may be open at all."""
        return any(sender._has(_plain(address)) for sender in self.senders)

    def lets_send(self, title: str, address: str) -> bool:
        """Whether who calls itself so, at this address, may ask for an association."""
        return any(
            sender._has(_plain(address)) and sender.title in (None, title.strip())
            for sender in self.senders
        )


THIS_COMPUTER = AllowList(
    (Sender(None, ip_network("127.0.0.0/8")), Sender(None, ip_network("::1/128")))
)


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The address, an IPv4 one as such (a socket for both tells it as ::ffff:a.b.c.d)."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found if mapped is None else mapped
