"""The house rules that a machine can check."""

import ast
import re
import statistics
from collections.abc import Iterable
from pathlib import Path

import pytest

from adkar.reinforcement.registry import RULES
from notifiers.registry import CHANNELS
from service.app import RESOURCES
from service.messages import WORDS
from service.readmodels.registry import READMODELS
from service.web.registry import PAGES
from tests.tree import PACKAGES, ROOT, in_the_tree

FILES = in_the_tree()
MODULES = [
    path
    for path in in_the_tree(*PACKAGES)
    # A migration lists every column that changes; nobody has to keep one in mind.
    if path.suffix == ".py" and path.parent.name != "versions"
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in FILES if b"\0" not in path.read_bytes()}


def lines(path: Path) -> int:
    return len(TEXTS[path].splitlines())


def files_that(folder: str, has: str) -> set[str]:
    """Names of a folder's modules that assign or define `has` at their top, told from the source alone."""
    found = set()
    for path in MODULES:
        if path.parent == ROOT / folder:
            for node in ast.parse(TEXTS[path]).body:
                names = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
                if has in names or any(getattr(part, "name", None) == has for part in getattr(node, "body", [])):
                    found.add(path.stem)
    return found


def module_of(thing: object) -> str:
    return (thing if isinstance(thing, type) else type(thing)).__module__.rpartition(".")[2]


def without_tests(names: Iterable[str], folder: str) -> list[str]:
    """Those of which no test module below a folder is named, whether test_<name>.py or test_<name>_<what>.py."""
    tests = {path.stem for path in FILES if path.is_relative_to(ROOT / folder)}
    return [name for name in names if not any(re.fullmatch(rf"test_{name}(_\w+)?", test) for test in tests)]


def test_no_module_is_longer_than_one_can_keep_in_mind():
    assert {str(path.relative_to(ROOT)): lines(path) for path in MODULES if lines(path) > 400} == {}


def test_most_modules_are_short():
    assert statistics.median(lines(path) for path in MODULES if path.name != "__init__.py") < 100


def test_every_module_and_package_says_what_it_is():
    written = [path for path in MODULES if TEXTS[path]]
    assert [path for path in written if not ast.get_docstring(ast.parse(TEXTS[path]))] == []


def test_every_read_model_is_registered_and_has_a_test():
    registered = [module_of(model) for model in READMODELS]
    assert sorted(registered) == sorted(files_that("service/readmodels", "apply"))
    tests = "\n".join(text for path, text in TEXTS.items() if path.parent == ROOT / "tests/service/readmodels")
    imported = set(re.findall(r"^from service\.readmodels\.(\w+) import", tests, re.MULTILINE))
    assert without_tests(set(registered) - imported, "tests/service/readmodels") == []


def test_every_read_model_follows_under_a_name_of_its_own_and_writes_tables_of_its_own():
    names = [model.name for model in READMODELS]
    tables = [table.name for model in READMODELS for table in model.tables]
    assert len(set(names)) == len(names)
    assert len(set(tables)) == len(tables)


def test_every_rule_is_registered_and_has_a_test_and_words():
    helpers = {"__init__", "registry", "reminder", "pipeline"}
    files = {path.stem for path in MODULES if path.parent == ROOT / "adkar/reinforcement"} - helpers
    registered = [rule.__name__ for rule in RULES]
    assert sorted(registered) == sorted(files)
    assert without_tests(registered, "tests/adkar") == []
    assert WORDS.keys() == set(registered)


def test_every_channel_is_registered_and_has_a_rig():
    modules = [channel.__module__.rpartition(".")[2] for channel in CHANNELS.values()]
    # The protocol itself has a `send` too.
    assert sorted(modules) == sorted(files_that("notifiers", "send") - {"channel"})
    rigs = TEXTS[ROOT / "tests/notifiers/rigs.py"]
    assert [kind for kind in CHANNELS if f'"{kind}"' not in rigs] == []


def test_every_resource_is_registered_and_has_a_test():
    registered = [resource.__name__.rpartition(".")[2] for resource in RESOURCES]
    assert sorted(registered) == sorted(files_that("service/api", "blp"))
    assert without_tests(registered, "tests/service/api") == []


def test_every_page_is_registered_and_every_template_is_used():
    registered = [page.import_name.rpartition(".")[2] for page in PAGES]
    assert sorted(registered) == sorted(files_that("service/web", "blp"))
    templates = [path for path in FILES if path.parent == ROOT / "service/web/templates"]
    sources = {path: text for path, text in TEXTS.items() if path.is_relative_to(ROOT / "service/web")}
    for template in templates:
        users = [path for path, text in sources.items() if path != template and f'"{template.name}"' in text]
        assert users, template.name


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in FILES if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_test_module_can_be_found():
    for path in in_the_tree("tests"):
        if path.suffix == ".py" and re.search(r"^(?:async )?def test_", TEXTS[path], re.MULTILINE):
            assert path.name.startswith("test_"), path


def test_nothing_sleeps_in_a_test():
    for path, text in TEXTS.items():
        if path.is_relative_to(ROOT / "tests") and path.suffix == ".py":
            for node in ast.walk(ast.parse(text)):
                naps = isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
                assert not naps or in_a_loop(path, node.lineno), f"{path}:{node.lineno}"


def in_a_loop(path: Path, line: int) -> bool:
    """A pause between two looks is polling; a pause alone is a guess."""
    loops = [node for node in ast.walk(ast.parse(TEXTS[path])) if isinstance(node, ast.While | ast.For)]
    return any(loop.lineno < line <= (loop.end_lineno or 0) for loop in loops)


# Put together here, so that this file does not hold what it looks for.
HOSTS = [
    f"{name}.{end}" for name, end in [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com")]
]
HOSTS += [f"{name}.{end}" for name, end in [("unpkg", "com"), ("jsdelivr", "net"), ("conda", "org")]]
OF_A_MACHINE = re.compile(r"(?<![\w.:/<-])/(?:home|root|Users|work|private|mnt)/\w")


@pytest.mark.parametrize("host", HOSTS)
def test_no_file_names_a_package_index(host):
    assert [path for path, text in TEXTS.items() if host in text.lower()] == []


def test_no_file_holds_a_path_of_somebodys_machine():
    assert [path for path, text in TEXTS.items() if OF_A_MACHINE.search(text)] == []
    assert [path for path, text in TEXTS.items() if f"{ROOT}/" in text] == []


PEERS = sorted(str(path.relative_to(ROOT)) for path in FILES if path.match("benchmarks/peers/*.in"))


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", *(f"{peer.removesuffix('.in')}.txt" for peer in PEERS)]
)
def test_the_lock_has_hashes_and_no_address(name):
    lock = TEXTS[ROOT / name]
    assert "://" not in lock
    assert "index-url" not in lock
    wanted = re.findall(r"^[A-Za-z].*", lock, re.MULTILINE)
    assert wanted
    assert [line for line in wanted if not re.match(r"[\w.-]+(\[[\w,]+\])?==[\w.]+ ", line)] == []
    assert len(re.findall(r"^[A-Za-z].* \\\n    --hash=sha256:", lock, re.MULTILINE)) == len(wanted)


def test_make_lock_resolves_every_peer_anew():
    named = re.search(r"for peer in ([\w -]+);", TEXTS[ROOT / "Makefile"])
    assert named
    assert named[1].split() == [Path(peer).stem for peer in PEERS]


def test_what_a_commit_must_not_hold_is_not_in_the_tree():
    unwanted = re.compile(r"\.(db|sqlite|pyc|log|pem|key)$|(^|/)\.env$|\.egg-info/")
    assert [path for path in FILES if unwanted.search(str(path.relative_to(ROOT)))] == []
