"""Write the DICOM conformance statement from what the code takes and writes, to standard output."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from spinescan.core.report import RESEARCH_USE
from spinescan.io.sr.header import NAMES_FILM, PATIENT_AND_STUDY
from spinescan.pacs.connection import DEFAULT_LIMITS
from spinescan.pacs.query import LEVELS
from spinescan.pacs.received import FILM_CLASSES, SYNTAXES

VERIFICATION: Final = "1.2.840.10008.1.1"
PLAIN: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)

HEADER: Final = f"""\
# DICOM conformance

What SpineScan speaks, in the order of PS3.2. This page is written by `make docs` from the code.
{RESEARCH_USE}

Needs the extra `dicom`. How to use it: [DICOM results](../how-to/dicom-out.md),
[a node](../how-to/node.md), [DICOMweb and Orthanc](../how-to/pacs.md),
[de-identification](../how-to/deidentify.md). The private codes: [99SPINESCAN](dicom-codes.md).
"""

NODE: Final = """\
## Network: `spinescan node`

One application entity. It takes films by C-STORE, answers C-ECHO, and sends its results by C-STORE
(`--send-to`) or STOW-RS (`--stow`). It does not query, does not commit storage, and keeps nothing
beyond the delivery of its results.

### As receiver (SCP)

{receives}

Transfer syntaxes of films, the first one that is proposed:

{syntaxes}

Associations are refused from callers that are not on the allow-list, and where the called AE title
is not the node's own. At most {connections} connections at once, {each} from one address; PDUs of
up to {pdu:,} bytes; objects of up to {object:,} bytes, unless set otherwise. No extended or user
identity negotiation; one operation at a time. TLS on request, with or without a certificate of the
caller.

| status of C-STORE | meaning |
|---|---|
| 0000 | the film is on the node's disk, or was known already |
| A700 | no room on the disk, too many films wait, or the node stops: send it again later |
| C000 | the request and its data set do not name one and the same valid instance |
| 0122 | another SOP class than the one negotiated |

### As sender (SCU)

{sends}

An association for each object. 0000 and warnings (Bxxx) are acknowledgements; after anything else
the object is sent again, with longer and longer pauses, until it is too old (`--keep-days`).
"""

WEB: Final = """\
## Network: DICOMweb (PS3.18)

As user agent only: `spinescan dicomweb`, and the node with `--stow`.

| service | requests |
|---|---|
| QIDO-RS | studies; series of a study; instances of a series; `limit` and `offset`; answers in DICOM JSON |
| WADO-RS | one instance, as it is stored (`transfer-syntax=*`); metadata of a secondary capture, to know our own |
| STOW-RS | one DICOM file a request; answers in DICOM JSON. Failure 0111 (a duplicate) counts as stored |

Attributes that `--query` takes:

{attributes}
"""  # noqa: E501 - rows of a table

RESULTS: Final = """\
## Objects that are written

{written}

Both are in the film's study, each in a series of its own. Instance and series UIDs follow from the
film's SOP Instance UID, its study and patient, the answer, and the version that gave it: the same
answer written twice is the same object. Tracking UIDs follow from the film and the place on it.

The structured report is a Measurement Report (TID 1500): a planar region (TID 1410) for each curve,
groups without a region (TID 1501) for the rest. It is COMPLETE as a document, PRELIMINARY and
UNVERIFIED, with Content Qualification RESEARCH. Its observer is a device, also where a reader moved
points: nobody knows who that was, and the report says that it was edited.

Attributes that are repeated from the film's header:

{repeated}

Results have the plainest character set that holds their text: none, ISO_IR 100 or ISO_IR 192. Films
are read in all sets that pydicom knows.

## Objects that are read

Projection films of the classes above, also as files (with or without preamble and file meta).
Films of more than one frame are refused. Grey values pass the modality LUT or rescale, then the VOI
LUT or window, then the presentation shape, in this order.

## De-identification

`spinescan deidentify` and `scan --anonymous` follow the Basic Application Level Confidentiality
Profile (PS3.15, Annex E) without options: no Clean Pixel Data. Text burned into a picture stays,
and is told of.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def classes(uids: Iterable[str]) -> str:
    """SOP classes, with their UIDs."""
    return table(["SOP class", "UID"], [[UID(uid).name, f"`{uid}`"] for uid in uids])


def keywords(names: Iterable[str]) -> str:
    """Attributes, with their tags."""
    rows = []
    for name in names:
        tag = tag_for_keyword(name)
        assert tag is not None
        label = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        rows.append([dictionary_description(tag), f"`{name}`", label])
    return table(["attribute", "keyword", "tag"], rows)


def by_level(levels: Mapping[str, str]) -> str:
    """Attributes of a query, by the level that a server knows them at."""
    found: dict[str, list[str]] = {}
    for name, level in levels.items():
        found.setdefault(level, []).append(f"`{name}`")
    return table(["level", "attributes"], [[k, ", ".join(v)] for k, v in found.items()])


def statement() -> str:
    """The whole page."""
    limits = DEFAULT_LIMITS
    results = (ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    node = NODE.format(
        receives=classes([VERIFICATION, *FILM_CLASSES]),
        syntaxes=table(["transfer syntax", "UID"], [[s.name, f"`{s}`"] for s in SYNTAXES]),
        sends=classes(results)
        + f"\n\nIn {PLAIN[0].name}, or {PLAIN[1].name} where only that is accepted.",
        connections=limits.connections,
        each=limits.connections_each,
        pdu=limits.pdu_bytes,
        object=limits.object_bytes,
    )
    written = RESULTS.format(
        written=classes(results), repeated=keywords([*PATIENT_AND_STUDY, *NAMES_FILM[1:]])
    )
    return "\n".join([HEADER, node, WEB.format(attributes=by_level(LEVELS)), written])


if __name__ == "__main__":
    print(statement(), end="")
