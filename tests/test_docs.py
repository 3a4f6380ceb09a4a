"""The docs say what the code says now, everything there is is in them, and no link in them leads nowhere."""

import ast
import re
import shlex
import tomllib
from collections import Counter
from dataclasses import fields
from pathlib import Path

import click
import pytest

from events.catalog import CATALOG
from service.access import ACCESS
from service.api.feed import EventSchema
from service.docs.events import described
from service.docs.parts import FILES, parts, renewed
from service.openapi import actions, specimen
from service.settings import Settings
from tests.command_lines import check
from tests.tree import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as GitHub turns them into anchors."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return parts()


@pytest.mark.parametrize("name", FILES)
def test_what_is_generated_is_what_the_code_says_now(name, made):
    assert text_of(name) == renewed(text_of(name), made), "run: make docs"


def test_every_generated_part_stands_in_one_place(made):
    found = Counter(part for name in FILES for part in re.findall(r"generated: (\w+)", text_of(name)))
    assert found == dict.fromkeys(made, 1)


def test_what_is_written_by_hand_around_a_generated_part_stays():
    before = "by hand\n<!-- generated: one -->\nold\nlines\n<!-- end of generated -->\nby hand too\n"
    after = renewed(before, {"one": "new\n"})
    assert after == "by hand\n<!-- generated: one -->\nnew\n<!-- end of generated -->\nby hand too\n"
    with pytest.raises(KeyError):
        renewed(before, {})


@pytest.mark.parametrize("kind", CATALOG, ids=lambda kind: kind.wire)
def test_every_event_type_is_documented_with_all_its_fields(kind):
    section = text_of("docs/events.md").partition(f"### {kind.wire}\n")[2].partition("###")[0]
    told = described(kind)
    for field in fields(kind):
        assert told.get(field.name), field.name
        assert re.search(rf"^\| `{field.name}` \| .+ \| .+ \|$", section, re.MULTILINE), field.name


def test_what_an_event_carries_in_the_feed_is_documented():
    page = text_of("docs/events.md").partition("## Event types")[0]
    assert [name for name in EventSchema().fields if f"`{name}`" not in page] == []


def test_every_way_in_which_a_fact_arrives_is_documented():
    page = text_of("docs/events.md").partition("## Event types")[0]
    ways = set()
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "command":
                said = [*node.args[2:3], *(one.value for one in node.keywords if one.arg == "via")]
                ways |= {one.value for one in said if isinstance(one, ast.Constant)}
    assert {"api", "cli", "worker"} <= ways
    assert [way for way in sorted(ways) if f"`{way}`" not in page] == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_and_in_the_example(name):
    assert Settings.model_fields[name].description
    variable = f"TAKEHOLD_{name.upper()}"
    assert f"| `{variable}` |" in text_of("docs/settings.md")
    assert f"| `{variable}_FILE` |" in text_of("docs/settings.md")
    assert f"\n# {variable}=" in text_of(".env.example")


def test_the_example_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TAKEHOLD_{name.upper()}", raising=False)
    default = Settings()
    for variable, value in re.findall(r"^# (TAKEHOLD_\w+)=(.+)$", text_of(".env.example"), re.MULTILINE):
        monkeypatch.setenv(variable, value)
    assert Settings() == default


def test_every_route_and_every_action_is_documented():
    page = text_of("docs/routes.md")
    with specimen() as app:
        for path, method, action in actions(app):
            assert re.search(rf"^\| {method.upper()} \| `{re.escape(path)}` \|.*`{action}`", page, re.MULTILINE), path
        for rule in app.url_map.iter_rules():
            assert re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) in page
    assert [action for action in ACCESS if f"`{action}`" not in page] == []


def test_every_route_outside_the_api_says_what_it_does():
    with specimen() as app:
        for rule in app.url_map.iter_rules():
            if rule.endpoint != "static":
                assert (app.view_functions[rule.endpoint].__doc__ or "").strip(), rule.endpoint


def test_every_metric_that_a_service_answers_with_is_documented():
    with specimen() as app:
        scraped = app.test_client().get("/metrics").text
    names = re.findall(r"^# TYPE (\w+) ", scraped, re.MULTILINE)
    assert names
    page = text_of("docs/metrics.md")
    assert [name for name in names if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_relative_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_takehold_command_in_the_docs_exists(page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    said = re.findall(r"`takehold ([^`]+)`", text)
    said += [words for block in blocks for words in re.findall(r"\btakehold ((?:-|[a-z])[^)|&;#>\n]*)", block)]
    for words in said:
        try:
            check(shlex.split(words))
        except click.UsageError as error:
            pytest.fail(f"takehold {words}: {error.message}")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_in_the_docs_exists(page):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```.*?\n(.*?)```", text, re.DOTALL))
    said = re.findall(r"`make ([a-z ]+)`", text) + re.findall(r"^make ([a-z]+)", blocks, re.MULTILINE)
    assert {target for words in said for target in words.split()} <= targets


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", *NAMES[3:]])
def test_every_file_and_folder_that_a_recipe_names_exists(name):
    named = re.findall(r"`((?:adkar|events|notifiers|service|tests|benchmarks|docs)/[^`\s<>]*)`", text_of(name))
    assert [path for path in named if not (ROOT / path.partition("::")[0]).exists()] == []


def test_the_trademark_is_attributed_on_the_page_that_explains_it():
    assert re.search(r"ADKAR is a\s+registered\s+trademark\s+of\s+Prosci", text_of("docs/metrics.md"))


def test_every_dependency_has_its_decision():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    declared = {re.split(r"[\[<>=]", one)[0] for one in project["dependencies"]}
    given = {"flask", "sqlmodel", "apscheduler", "marshmallow", "requests"}
    told = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [name for name in sorted(declared - given) if f"**{name}**" not in told] == []
