"""A node, DCMTK as who sends films and who takes results, and certificates of our own."""

import shutil
import subprocess

from tests.docs.scene import Scene, Stage, free_port

PLAIN = "spinescan node --send-to PACS@127.0.0.1:104"
ALLOWING = (
    "spinescan node --host 0.0.0.0 --allow CR1@10.1.4.17 --allow ARCHIVE@10.1.4.2"
    " --send-to ARCHIVE@10.1.4.2:104"
)
TLS = (
    "spinescan node --host 0.0.0.0 --allow CR1@10.1.4.17 --tls-cert node.pem --tls-key node.key"
    " --tls-ca clinic.pem --send-to ARCHIVE@pacs.example.org:2762 --send-tls"
)
SENT = "storescu -aec SPINESCAN 127.0.0.1 11112 film.dcm"


def set_up(stage: Stage) -> None:
    from tests.pacs.films import certified

    stage.props.dicom(stage.folder / "film.dcm")
    received, port = stage.folder / "received", free_port()
    received.mkdir()
    words = ["storescp", "--aetitle", "PACS", "--output-directory", str(received), str(port)]
    archive = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stage.at_the_end(archive.wait)
    stage.at_the_end(archive.terminate)
    key, certificate = certified(stage.folder)
    for made, names in ((key, ["node.key"]), (certificate, ["node.pem", "clinic.pem"])):
        for name in names:
            shutil.copy(made, stage.folder / name)
    stage.instead["spinescan node"] = (
        f"spinescan node --port {stage.port} --data data --leave-megabytes 0"
    )
    stage.instead["PACS@127.0.0.1:104"] = f"PACS@127.0.0.1:{port}"
    stage.instead["127.0.0.1 11112"] = f"127.0.0.1 {stage.port}"
    # The results come a little later; the next command ends the node.
    stage.instead["film.dcm"] = (
        "film.dcm && until [ $(ls received | wc -l) = 2 ]; do sleep 0.2; done"
    )


def afterwards(stage: Stage) -> None:
    assert len(list((stage.folder / "received").iterdir())) == 2  # a report and an overlay


SCENE = Scene(
    "docs/how-to/node.md",
    set_up=set_up,
    instead={"0.0.0.0": "127.0.0.1", "pacs.example.org": "localhost"},  # this computer alone
    servers={PLAIN: "", ALLOWING: "", TLS: ""},
    afterwards=afterwards,
    extras=("dicom",),
    programs=("storescu", "storescp", "openssl"),
)
