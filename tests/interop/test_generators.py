"""What writes code from a WSDL takes ours: gSOAP's, the strictest there is, and Java's as a stranger calls it."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from tests.interop import drivers, page

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.xdist_group("our server")]
SERVED: Final = "/soap/postal-tracking"
KNOWN_WARNINGS: Final = ("ignoring type inheritance by default for C", "2 service bindings found")
"""Both speak of gSOAP's own choices."""


def run(*command: str, within: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=within, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def gsoap(house: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that gSOAP made of the WSDL as we serve it."""
    for program in ("wsdl2h", "soapcpp2", "gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"gSOAP: {program} is not installed; `make stacks` installs it")
    folder = tmp_path_factory.mktemp("gsoap")
    page.check_version("gSOAP", run("wsdl2h", "-V", within=folder).stdout.strip())
    read = run("wsdl2h", "-c", "-o", "contract.h", f"{house}{SERVED}?wsdl", within=folder)
    told = [line for line in (read.stdout + read.stderr).splitlines() if "Warning" in line or "rror" in line]
    assert read.returncode == 0 and len(told) == 2, read.stderr
    assert all(known in line for known, line in zip(KNOWN_WARNINGS, told, strict=True)), told
    written = run("soapcpp2", "-c", "-C", "-L", "-x", "-I/usr/share/gsoap/import", "contract.h", within=folder)
    assert written.returncode == 0 and "Compilation successful" in written.stdout + written.stderr, written.stderr
    sources = (str(drivers.HERE / "gsoap" / "client.c"), "soapC.c", "soapClient.c")
    compiled = run("gcc", "-O0", "-I.", "-o", "client", *sources, "-lgsoap", within=folder)
    assert compiled.returncode == 0, compiled.stderr
    return folder / "client"


@pytest.mark.parametrize("version", ["1", "2"])
def test_gsoap_reads_the_fault_of_our_server(gsoap: Path, house: str, version: str) -> None:
    told = run(str(gsoap), f"{house}{SERVED}", version, within=gsoap.parent)
    assert (told.stdout, told.stderr) == ("fault 401.01 Thông tin đăng nhập không đúng.\n", "")


@pytest.mark.parametrize("version", ["1", "2"])
async def test_gsoap_reads_the_answer_of_our_sandbox(gsoap: Path, tmp_path: Path, version: str) -> None:
    async with SandboxProcess("postal_soap", ledger=tmp_path / "post.jsonl") as sandbox:
        told = run(str(gsoap), str(sandbox.settings["url"]), version, within=tmp_path)
    assert (told.stdout, told.stderr) == ("answer 1.0 xin chào\n", "")


def wsimport(wsdl: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    jars = f"{drivers.BUILT / 'java'}/*"
    tool = ("java", "-XX:TieredStopAtLevel=1", "-cp", jars, "com.sun.tools.ws.WsImport")
    return run(*tool, "-quiet", "-Xnocompile", "-s", str(folder), str(wsdl), within=folder)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The contract's files, to be changed."""
    what = drivers.missing(drivers.CLIENTS["java"])
    if what:
        pytest.skip(f"Metro: {what}; `make stacks` installs it")
    for name in ("postal-tracking.wsdl", "postal-tracking.xsd"):
        shutil.copy(drivers.WSDL.parent / name, tmp_path / name)
    return tmp_path / "postal-tracking.wsdl"


def test_java_unwraps_the_contract_as_it_is(contract: Path) -> None:
    told = wsimport(contract, contract.parent)
    assert told.returncode == 0, told.stdout + told.stderr
    assert list(contract.parent.rglob("PostalTracking.java"))


def test_java_cannot_unwrap_a_name_that_is_required_one_way_and_optional_the_other(contract: Path) -> None:
    types = contract.with_suffix(".xsd")
    before = types.read_text("utf-8")
    required = '<xs:element name="page" type="t:PageNo" minOccurs="1">'
    assert before.count(required) == 1
    types.write_text(before.replace(required, required.replace('"1"', '"0"')), "utf-8")
    told = wsimport(contract, contract.parent)
    assert told.returncode != 0 and 'duplicate parameter name "page"' in told.stdout + told.stderr
