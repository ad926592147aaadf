"""A data set's header by the Basic Application Level Confidentiality Profile (PS3.15 Annex E).

The table (E.1-1) and the walk along it are dicom-anonymizer's. Around it lies a thin layer of ours,
for what the library leaves open (version 2.1):

- It looks at the top level alone; we call it for every item of every sequence that stays.
- Its new UIDs are random, and kept in the process; ours follow from a key, and cover UIDs of any
  name: what is registered by the standard itself stays, every other is renamed.
- It writes 00010101 where a date is to be removed or emptied, and fills the items of a sequence
  that is to be emptied; ours are removed, or empty.
- It stumbles over elements that cannot be decoded, and over value representations that it does not
  know; those are removed before.
- Of an overlay (60xx) it removes data and comments, and not the label; we remove both whole groups.

The profile keeps every standard element that its table does not name. We are stricter, for people
type what they like: of those, text, dates and bytes stay only if a film needs them (`_WORDS`,
`_BINARIES`), coded words and numbers only if they are some, and not too many. What is in no
dictionary is removed.

Compound actions (X/Z, X/D, X/Z/D, Z/D) are decided for the objects that films are (CR, DX, RF, XA,
SC): none has a mandatory (type 1) element among them, so nothing but Z and X is needed.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID_dictionary

from spinescan.core.errors import MissingExtraError
from spinescan.io.deidentify.pseudonyms import Pseudonyms

TABLE: Final = "dicomfields_2026c"
"""The library's newest edition of Table E.1-1."""

METHOD: Final = "PS3.15 Basic Profile; free text beside its table removed"

Rule = Callable[[Dataset, tuple[int, int]], None]
Rules = Mapping[tuple[int, int], Rule]

_WORDS: Final = frozenset(
    ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "RescaleType")
)
"""Text that stays if it is plain: some is mandatory, none is typed by those who see the patient."""

_WORDS_OF_ITEMS: Final = frozenset(
    (
        "CodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "CodeMeaning",
        "ModalityLUTType",
    )
)
"""The same in the items of sequences, such as the view's code."""

_BINARIES: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(
        (
            "PixelData",
            "RedPaletteColorLookupTableData",
            "GreenPaletteColorLookupTableData",
            "BluePaletteColorLookupTableData",
        )
    ),
    "ModalityLUTSequence": frozenset(("LUTData",)),
    "VOILUTSequence": frozenset(("LUTData",)),
}
"""Bytes that stay, by the sequence that they are in."""

_BYTES: Final = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
_NUMBERS: Final = frozenset(("AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"))

_PLAIN: Final = re.compile(r"[ -<>-\]_-~]{0,64}")
"""ASCII without = and ^, which part the names of persons in DICOM (PS3.5 6.2.1)."""
_CODED: Final = re.compile(r"[A-Za-z0-9 _]{0,16}")
_DECIMAL: Final = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *")


def need_anonymizer() -> None:
    """Raise MissingExtraError, naming the extra, if dicom-anonymizer is not installed."""
    try:
        import dicomanonymizer  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"de-identification needs the extra 'dicom' ({error.name} is not installed): "
            "pip install 'spinescan[dicom]'"
        ) from error


def apply_profile(header: Dataset, names: Pseudonyms, patient: str) -> None:
    """Take the patient out of a film's header, in place.

    Parameters
    ----------
    header
        As pydicom read it. The pixel data is not looked at; file meta and preamble are the
        writer's.
    patient
        What patient identifier and name become; may be empty.
    """
    _clean(header, _rules(names, patient), names)
    # Everything that is left is ASCII.
    header.pop("SpecificCharacterSet", None)
    header.PatientID = header.PatientName = patient
    header.PatientIdentityRemoved = "YES"
    header.DeidentificationMethod = METHOD
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    header.DeidentificationMethodCodeSequence = [code]
    header.LongitudinalTemporalInformationModified = "REMOVED"


def _rules(names: Pseudonyms, patient: str) -> Rules:
    """What is done to each element of the table."""
    from dicomanonymizer import simpledicomanonymizer as library

    renamed: Rule = partial(_renamed, names)
    ours: dict[object, Rule] = {
        library.delete: _removed,  # X
        library.delete_or_replace: _removed,  # X/D
        library.delete_or_empty_or_replace: _removed,  # X/Z/D
        library.empty: _emptied,  # Z
        library.delete_or_empty: _emptied,  # X/Z
        library.empty_or_replace: _emptied,  # Z/D
        library.replace: partial(_dummy, names),  # D
        library.replace_UID: renamed,  # U
        library.delete_or_empty_or_replace_UID: _stays,  # X/Z/U*: its items are cleaned
    }
    table = library.initialize_actions(TABLE)
    # The repeating groups (50xx, 60xx) and the file meta information go as a whole.
    rules = {tag: ours[act] for tag, act in table.items() if len(tag) == 2 and tag[0] > 0x0007}
    for keyword in ("PatientID", "PatientName"):
        tag = Tag(keyword)
        rules[tag.group, tag.element] = partial(_named, patient)
    return rules


def _clean(dataset: Dataset, rules: Rules, names: Pseudonyms, place: str = "") -> None:
    """One data set: what may not stay goes, then the items of sequences, then the table's turn.

    `place` is the keyword of the sequence that it is an item of.
    """
    from dicomanonymizer.simpledicomanonymizer import anonymize_dataset

    for tag in list(dataset.keys()):
        if not _may_stay(dataset, tag, rules, place):
            del dataset[tag]
    for element in dataset:
        rule = rules.get((element.tag.group, element.tag.element))
        if element.VR == "SQ" and rule in (None, _stays):
            for item in element.value:
                _clean(item, rules, names, element.keyword)
        elif element.VR == "UI" and rule is None:
            _rename(names, element)
    here = [(tag.group, tag.element) for tag in dataset.keys()]  # noqa: SIM118 - raw elements, too
    # The library asks for every tag that it has a rule for: a long way in each of many items.
    anonymize_dataset(dataset, base_rules_gen=lambda: {t: rules[t] for t in here if t in rules})


def _may_stay(dataset: Dataset, tag: BaseTag, rules: Rules, place: str) -> bool:
    """Whether an element is left to the table's rules, or is none that can tell of anybody."""
    if tag.is_private or tag.element == 0 or tag.group <= 0x0007:
        return False
    if tag.group & 0xFF00 in (0x5000, 0x6000):  # curves and overlays
        return False
    try:
        kinds = dictionary_VR(tag).split(" or ")
        element = dataset[tag]
        kind = element.VR
        values = _values(element)
    except Exception:  # unknown to the standard, or not to be decoded (pydicom raises many types)
        return False
    if kind not in kinds and kind.split(" or ") != kinds:
        return False
    if (tag.group, tag.element) in rules or kind in ("SQ", "UI"):
        return True
    keyword = keyword_for_tag(tag)
    if keyword in _BINARIES.get(place, ()):
        # A palette means nothing on a grey film, and its bytes could spell.
        coloured = dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
        return coloured or "Palette" not in keyword
    if set(kind.split(" or ")) <= _NUMBERS:
        return _few_enough(element)
    if keyword in (_WORDS_OF_ITEMS if place else _WORDS):
        if not all(_PLAIN.fullmatch(value) for value in values):
            element.value = ""
        return True
    allowed = {"CS": _CODED, "DS": _DECIMAL, "IS": _DECIMAL}.get(kind)
    return allowed is not None and all(not v or allowed.fullmatch(v) for v in values)


def _few_enough(element: DataElement) -> bool:
    """Whether there are no more numbers than the standard says: many could spell something."""
    most = dictionary_VM(element.tag).split("-")[-1]
    raw = isinstance(element.value, bytes)  # numbers that may be signed or not, of 16 bits each
    count = len(element.value) // 2 if raw else element.VM
    return most.isdigit() and count <= int(most)


def _values(element: DataElement) -> list[str]:
    """An element's values as they are written, if they are words or numbers in words."""
    if element.VR in ("SQ", *_BYTES, *_NUMBERS) or element.is_empty:
        return []
    values: Any = element.value
    listed = [values] if isinstance(values, str) or element.VM == 1 else list(values)
    return [str(getattr(value, "original_string", value)) for value in listed]


def _removed(dataset: Dataset, tag: tuple[int, int]) -> None:
    if tag in dataset:
        del dataset[tag]


def _emptied(dataset: Dataset, tag: tuple[int, int]) -> None:
    if tag in dataset:
        element = dataset[tag]
        element.value = [] if element.VR == "SQ" else None


def _stays(dataset: Dataset, tag: tuple[int, int]) -> None:
    """Nothing is done to the element itself."""


def _named(patient: str, dataset: Dataset, tag: tuple[int, int]) -> None:
    if tag in dataset:
        dataset[tag].value = patient


def _renamed(names: Pseudonyms, dataset: Dataset, tag: tuple[int, int]) -> None:
    if tag in dataset:
        _rename(names, dataset[tag])


def _rename(names: Pseudonyms, element: DataElement) -> None:
    """New UIDs in the place of all that the standard has not registered."""
    if element.is_empty:
        return
    several = element.VM > 1
    old = [str(uid) for uid in element.value] if several else [str(element.value)]
    new = [uid if uid in UID_dictionary else names.uid(uid.strip()) for uid in old]
    element.value = new if several else new[0]


def _dummy(names: Pseudonyms, dataset: Dataset, tag: tuple[int, int]) -> None:
    """D: the library's dummy; but no sequence that shall have one is part of a film's object."""
    from dicomanonymizer.simpledicomanonymizer import replace_element

    if tag not in dataset:
        return
    element = dataset[tag]
    if element.VR == "SQ":
        del dataset[tag]
    elif element.VR == "UI":
        _rename(names, element)
    else:
        replace_element(element)
