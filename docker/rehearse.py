"""Build and run the images without Docker: `make rehearse`, as root on Debian with debootstrap.

    Dockerfile + what .dockerignore lets through -> clean roots -> services as compose.yaml says

Every instruction of the Dockerfile is carried out, in roots that debootstrap makes of the images'
own Debian with its own Python. The services of each profile then run as compose.yaml says: the
image's user, a read-only root, no capabilities, no new privileges, their volumes; each in a network
of its own that reaches nothing, or the service beside it alone. Packages come from where this
machine's pip and apt take them. Not rehearsed, because it takes an engine: limits of memory and
processes, the publishing of ports, restarts, the health checks' schedule.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from check_archive import check_archive
from check_jupyter import check_jupyter
from check_page import check_page
from checks import Checks
from clean_root import build, report, size
from image_steps import ROOT, needed, read_services, read_stages

PROFILES = {"page": check_page, "orthanc": check_archive, "jupyter": check_jupyter}


def main() -> int:
    """Build, run, check, tear down; 0 if all checks held."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument(
        "--only", choices=PROFILES, action="append", help="this profile alone (repeatable)"
    )
    words.add_argument(
        "--notebook", metavar="NAME", action="append", default=[], help="run it inside, quickly"
    )
    words.add_argument("--keep", type=Path, help="a folder to build in and to leave")
    words.add_argument("--built", action="store_true", help="take the images that --keep left")
    given = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("rehearse: needs root, for debootstrap, chroot and mount")
    for program in ("debootstrap", "unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(program) is None:
            sys.exit(f"rehearse: needs {program}")
    place = given.keep or Path(tempfile.mkdtemp(prefix="rehearse-", dir="/var/tmp"))
    place.mkdir(parents=True, exist_ok=True)
    checks = Checks(given.notebook)
    try:
        for volume in place.glob("volume-*"):  # an earlier rehearsal's, where it was kept
            shutil.rmtree(volume)
        stages = read_stages(ROOT / "Dockerfile")
        services = read_services(ROOT / "compose.yaml")
        for profile in given.only or PROFILES:
            print(f"--- {profile}", flush=True)
            members = {k: v for k, v in services.items() if profile in v["profiles"]}
            for target in dict.fromkeys(each["build"]["target"] for each in members.values()):
                root = place / target
                if not root.exists():
                    if given.built:
                        sys.exit(f"rehearse: {root} is not there")
                    build(needed(stages, target), place)
                report(f"image {target}", size(root))
            PROFILES[profile](checks, members, {each.name: each for each in stages}, place)
    finally:
        if given.keep is None:
            shutil.rmtree(place)
            report("torn down", str(not place.exists()))
    failed = checks.failed
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'all checks held'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
