"""What the other tests rely on: Orthanc keeps what it took over a kill and a start."""

import pytest
import requests

from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.phantom.film import sample_film
from tests.pacs.orthanc import Orthanc


@pytest.mark.slow
def test_what_it_took_outlives_a_kill(orthanc: Orthanc) -> None:
    film = dicom_bytes(sample_film("frontal").pixels, SyntheticHeader(1, "PA", 0.5, "F", 14))
    added = orthanc.add(film)
    orthanc.connect("node", "SPINESCAN", 4321)
    orthanc.kill()
    with pytest.raises(requests.ConnectionError):
        orthanc.rest("GET", "/system")
    orthanc.start()
    assert orthanc.instances() == [added]
    assert orthanc.file(added) == film
    assert orthanc.rest("GET", "/modalities/node/configuration")["AET"] == "SPINESCAN"
    with requests.Session() as asking:
        asking.trust_env = False
        found = asking.get(f"{orthanc.url}/instances", headers={"Accept": "application/dicom+json"})
    assert [each["00080016"]["Value"] for each in found.json()] == [["1.2.840.10008.5.1.4.1.1.1.1"]]
