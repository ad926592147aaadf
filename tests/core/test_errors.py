import pickle

import pytest

from spinescan.core.errors import (
    BundleError,
    DataError,
    MissingExtraError,
    ReadError,
    SpineScanError,
)

KINDS = [SpineScanError, ReadError, BundleError, DataError, MissingExtraError]


@pytest.mark.parametrize("cls", KINDS)
def test_errors_cross_a_process_border_whole(cls: type[SpineScanError]) -> None:
    for error in (cls("a film: too short"), cls("a film: too short", kind="truncated")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is cls
        assert (str(copy), copy.kind) == (str(error), error.kind)


def test_each_kind_of_error_has_its_own_code() -> None:
    assert len({cls.kind for cls in KINDS}) == len(KINDS)


def test_a_given_kind_stays_with_its_error() -> None:
    assert ReadError("x", kind="empty").kind == "empty"
    assert ReadError("x").kind == "unreadable"


def test_messages_are_one_line() -> None:
    assert str(ReadError("film.png:\n  expected\tan image")) == "film.png: expected an image"
