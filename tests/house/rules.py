"""The house rules as functions: each takes a folder and returns one sentence for each break, so an empty list is peace.

`test_house.py` runs them over this checkout; `test_rules_bite.py` shows each of them a bad example.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "adapters", "scanning", "tracking", "gateway")

MODULE_LINES = 400
FUNCTION_LINES = 60
PACKAGE_PROSE = range(10, 31)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
REASON_LETTERS = 8

_DIRECTIVE = re.compile(
    r"#\s*(?:ruff:\s*)?noqa(?::\s*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?|#\s*type:\s*ignore(?:\[[^\]]*\])?"
)
_BLANKET = re.compile(r"#\s*noqa(?!:)|#\s*type:\s*ignore(?!\[)|#\s*(?:ruff|flake8):\s*noqa|#\s*mypy:")
_TWELVE_DIGITS = re.compile(r"(?<!\d)0\d{11}(?!\d)")
_MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home)/[a-z]")


def python_files(root: Path, folders: Iterable[str] = (*PACKAGES, "tests", "benchmarks")) -> Iterator[Path]:
    """Every Python file in the given folders of a checkout."""
    for folder in folders:
        yield from sorted(path for path in (root / folder).rglob("*.py") if "__pycache__" not in path.parts)


def too_long(root: Path) -> list[str]:
    """Modules of more than 400 lines, functions of more than 60 (docstring included, decorators not)."""
    broken = []
    for path in python_files(root):
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MODULE_LINES:
            broken.append(f"{path.relative_to(root)} has {lines} lines; split it (at most {MODULE_LINES}).")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    broken.append(f"{path.relative_to(root)}:{node.lineno} {node.name} has {length} lines.")
    return broken


def drawers(root: Path) -> list[str]:
    """Modules and packages named after nothing in particular, and a second `schemas` deeper down."""
    broken = []
    for path in python_files(root):
        inner = path.relative_to(root)
        names = {part.lower().lstrip("_") for part in (*inner.parent.parts, inner.stem)}
        broken += [f"{inner} is a drawer; name what it holds." for _ in names & DRAWERS]
        if "schemas" in (*inner.parts[1:-1], inner.stem) and inner.parts[0] in PACKAGES:
            broken.append(f"{inner} is a second `schemas`; the shapes of a peer are its wire.py.")
    return broken


def packages_without_prose(root: Path) -> list[str]:
    """Folders of modules without `__init__.py`, and `__init__.py` that is anything else than a docstring."""
    broken = []
    for folder in sorted({path.parent for path in python_files(root)}):
        inner = folder.relative_to(root)
        init = folder / "__init__.py"
        if not init.exists():
            broken.append(f"{inner} has no __init__.py; a namespace package can be merged with a stranger.")
            continue
        body = ast.parse(init.read_text(encoding="utf-8")).body
        if len(body) != 1 or ast.get_docstring(ast.Module(body, [])) is None:
            broken.append(f"{inner}/__init__.py holds a docstring and nothing else.")
            continue
        lines = len((ast.get_docstring(ast.Module(body, [])) or "").splitlines())
        if lines >= PACKAGE_PROSE.stop or (
            len(inner.parts) == 1 and inner.name in PACKAGES and lines not in PACKAGE_PROSE
        ):
            broken.append(f"{inner}/__init__.py tells its story in 10 to 30 lines, not {lines}.")
    return broken


def foreign_imports_of_the_ground_floor(root: Path) -> list[str]:
    """What `schemas` imports beyond the standard library and itself, annotations included."""
    allowed = sys.stdlib_module_names | {"schemas"}
    broken = []
    for path in python_files(root, ["schemas"]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            broken += [
                f"{path.relative_to(root)}:{node.lineno} imports {name}."  # type: ignore[attr-defined]  # an import node
                for name in names
                if name.partition(".")[0] not in allowed
            ]
    return broken


def loose_records(root: Path) -> list[str]:
    """Dataclasses of `schemas` that are not frozen or not slotted: a record never changes under its reader."""
    broken = []
    for path in python_files(root, ["schemas"]):
        classes = (
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef)
        )
        for node in classes:
            for decorator in map(ast.unparse, node.decorator_list):
                if "dataclass" in decorator and not {"frozen=True", "slots=True"} <= set(
                    re.findall(r"\w+=\w+", decorator)
                ):
                    broken.append(f"{path.relative_to(root)}:{node.lineno} {node.name} is not frozen and slotted.")
    return broken


def silenced_without_reason(root: Path) -> list[str]:
    """Comments that silence ruff or mypy for a whole file or without a code, or that do not say why."""
    broken = []
    for path in python_files(root):
        with path.open("rb") as file:
            comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        for token in comments:
            where = f"{path.relative_to(root)}:{token.start[0]}"
            if _BLANKET.search(token.string):
                broken.append(f"{where} silences everything; name the code.")
            elif _DIRECTIVE.search(token.string):
                reason = re.sub(r"[^\w]", "", _DIRECTIVE.sub("", token.string))
                if len(reason) < REASON_LETTERS:
                    broken.append(f"{where} silences a check and does not say why.")
    return broken


def sleeps(root: Path) -> list[str]:
    """Tests that wait for a guessed time instead of a condition."""
    broken = []
    for path in python_files(root, ["tests"]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name.rpartition(".")[2] in ("sleep", "wait_for_timeout") and not _only_yields(node):
                    broken.append(f"{path.relative_to(root)}:{node.lineno} {name}: wait for a condition or an event.")
    return broken


def _only_yields(call: ast.Call) -> bool:
    """`asyncio.sleep(0)` guesses no time: it lets the other tasks run once."""
    return ast.unparse(call.func) == "asyncio.sleep" and [ast.unparse(arg) for arg in call.args] == ["0"]


def real_looking_ids(folders: Iterable[Path]) -> list[str]:
    """Numbers of 12 digits that could be a citizen's: only the place 099, which does not exist, may stand in files."""
    broken = []
    for path, text in _texts(folders):
        for found in _TWELVE_DIGITS.finditer(text):
            if not found.group().startswith("099"):
                broken.append(f"{path} holds {found.group()[:3]}…, which could be a citizen's number.")
    return broken


def machine_paths(folders: Iterable[Path]) -> list[str]:
    """Paths of somebody's machine in files that belong to everybody."""
    return [
        f"{path} names {found.group()}…" for path, text in _texts(folders) for found in _MACHINE_PATH.finditer(text)
    ]


def _texts(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, path.read_bytes().decode("utf-8", errors="replace")


def package_names(listing: str) -> list[str]:
    """The names in a list of system packages, comments left out."""
    lines = (line.partition("#")[0].strip() for line in io.StringIO(listing))
    return [line for line in lines if line]


def lists_not_shared(root: Path) -> list[str]:
    """Where the Makefile or the Dockerfile name a system package themselves instead of reading the one list."""
    shared = "packaging/system-packages.txt"
    names = [name for path in sorted((root / "packaging").glob("*.txt")) for name in package_names(path.read_text())]
    broken = [] if names else ["packaging/*.txt name no package."]
    for path in (root / "Makefile", root / "Dockerfile"):
        text = path.read_text()
        code = "\n".join(line.partition("#")[0] for line in text.splitlines())
        if shared not in text:
            broken.append(f"{path.name} does not use {shared}.")
        broken += [f"{path.name} names {name} itself." for name in names if re.search(rf"\b{re.escape(name)}\b", code)]
        if "apt-get" in code:
            broken.append(f"{path.name} calls apt-get beside packaging/install-system-packages.")
    return broken
