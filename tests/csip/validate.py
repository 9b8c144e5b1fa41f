"""Run E-ARK's validator over package folders; one JSON line each. `make stacks` puts it beside the environment.

At import it fetches four vocabularies by HTTPS that also lie in its own resources; here it gets those, because a test
must not depend on somebody's web server. Its look at the manifest finds missing files and wrong sizes, but no wrong
digest: those are the test's own part.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import IO, Any

PLACE = Path(sys.prefix) / "csip"
_VOCABULARIES = PLACE / "eark_validator" / "ipxml" / "resources" / "vocabs"


def _from_its_own_files(address: str, *_: Any, **__: Any) -> IO[bytes]:
    return (_VOCABULARIES / address.rpartition("/")[2]).open("rb")


def main(folders: list[str]) -> int:
    """Print ``{"structure", "schema", "rules", "manifest"}`` for each folder, findings as texts."""
    sys.path.insert(0, str(PLACE))
    urllib.request.urlopen = _from_its_own_files  # type: ignore[assignment]  # one signature of several is used
    from eark_validator.infopacks.manifest import Manifests  # type: ignore[import-not-found]  # beside the environment
    from eark_validator.packages import PackageValidator  # type: ignore[import-not-found]  # beside the environment

    for folder in folders:
        report = PackageValidator(Path(folder)).validation_report
        metadata = report.metadata
        _, missing = Manifests.validate_manifest(Manifests.from_mets_file(Path(folder) / "METS.xml"), Path(folder))
        told = {
            "structure": [str(found) for found in report.structure.messages],
            "schema": [str(found) for found in metadata.schema_results.messages] if metadata else ["not reached"],
            "rules": [str(found) for found in metadata.schematron_results.messages] if metadata else ["not reached"],
            "manifest": [str(issue) for issue in missing],
        }
        sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
