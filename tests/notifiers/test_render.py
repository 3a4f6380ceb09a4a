from html.parser import HTMLParser

from notifiers.message import Action, Message
from notifiers.render import as_html


class Tags(HTMLParser):
    def __init__(self, document: str) -> None:
        super().__init__()
        self.links: list[str | None] = []
        self.names: set[str] = set()
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])


def test_the_html_says_what_the_message_says() -> None:
    message = Message(
        "d1",
        "alice",
        "Stuck",
        "One\ntwo\n\nthree",
        (Action("Open", "https://t.example/?a=1&b=2"),),
        "https://t.example/stop",
    )
    page = as_html(message)
    assert "One<br>two</p>" in page
    assert "three</p>" in page
    assert ">Open</a>" in page
    assert Tags(page).links == ["https://t.example/?a=1&b=2", "https://t.example/stop"]


def test_rules_are_inlined_and_the_dark_mode_is_kept() -> None:
    page = as_html(Message("d1", "alice", "Stuck", "Text"))
    assert '<h1 style="' in page
    assert "@media (prefers-color-scheme: dark)" in page


def test_markup_in_a_name_is_shown_not_run() -> None:
    name = "<img src=x onerror=alert(1)></style></title><link rel=stylesheet href=http://evil.example/x.css>{{ 7*7 }}"
    page = as_html(Message("d1", "alice", name, name, (Action(name, "https://t.example/"),)))
    assert not Tags(page).names & {"img", "link", "script"}
    assert "{{ 7*7 }}" in page
    assert Tags(page).links == ["https://t.example/"]
