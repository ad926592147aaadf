import pytest

from spinescan.pacs.access import THIS_COMPUTER, AllowList, Sender, is_loopback


def allowing(*texts: str) -> AllowList:
    return AllowList(tuple(Sender.parse(text) for text in texts))


def test_only_this_computer_by_itself() -> None:
    for address in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"):
        assert THIS_COMPUTER.lets_in(address)
        assert THIS_COMPUTER.lets_send("ANYBODY", address)
    for address in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "0.0.0.0"):
        assert not THIS_COMPUTER.lets_in(address)
        assert not THIS_COMPUTER.lets_send("ANYBODY", address)


def test_title_and_address_go_together() -> None:
    allowed = allowing("CR1@192.0.2.1", "CR2@192.0.2.2", "ANY WARD@*", "*@198.51.100.0/24")
    assert allowed.lets_send("CR1", "192.0.2.1")
    assert allowed.lets_send("CR1 ", "::ffff:192.0.2.1")
    assert not allowed.lets_send("CR1", "192.0.2.2")
    assert not allowed.lets_send("cr1", "192.0.2.1")
    assert not allowed.lets_send("", "192.0.2.1")
    assert allowed.lets_send("ANY WARD", "203.0.113.9")
    assert allowed.lets_send("WHOEVER", "198.51.100.77")
    # This computer is not let in any more where others are named.
    assert not allowed.lets_send("CR1", "127.0.0.1")
    # A title that may come from anywhere leaves all addresses open until it is told.
    assert allowed.lets_in("203.0.113.9")
    assert not allowing("CR1@192.0.2.1").lets_in("192.0.2.2")


@pytest.mark.parametrize(
    "text", ["", "CR1", "@192.0.2.1", "CR1@", "*@*", "CR1@host.example", "CR1@192.0.2.300",
             "A TITLE THAT IS TOO LONG@192.0.2.1", " @192.0.2.1"],
)  # fmt: skip
def test_what_names_nobody_or_everybody_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|everybody|does not appear"):
        Sender.parse(text)


def test_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("::")
    assert not is_loopback("films.example.org")
