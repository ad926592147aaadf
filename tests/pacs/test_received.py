"""The instance that a data set names is found in every encoding, and nothing else is believed."""

from io import BytesIO

import pytest
from dicom_attacks import base_films
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import UID

from spinescan.pacs.received import SYNTAXES, _instance

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def data_set(film: bytes) -> tuple[bytes, UID]:
    stream = BytesIO(film)
    read_preamble(stream, force=False)
    syntax = _read_file_meta_info(stream).TransferSyntaxUID
    return film[stream.tell() :], UID(syntax)


@pytest.mark.parametrize("name", sorted(base_films()))
def test_in_every_encoding(name: str) -> None:
    data, syntax = data_set(base_films()[name])
    assert syntax in SYNTAXES
    assert _instance(data[:4096], syntax) == "1.2.3.4"


@given(st.binary(max_size=600), st.sampled_from(SYNTAXES))
def test_whatever_comes_is_an_instance_or_none(head: bytes, syntax: UID) -> None:
    found = _instance(head, syntax)
    assert found is None or isinstance(found, str)
