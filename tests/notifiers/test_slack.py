import html
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from notifiers.errors import TemporaryFailure
from notifiers.message import Action, Message
from notifiers.slack import HEADER_CHARACTERS, SECTION_CHARACTERS, Slack
from tests.notifiers.receivers import dripping_server


@pytest.fixture
def sent(httpserver: HTTPServer) -> Any:
    """Sends through a real webhook and returns the JSON that arrived."""

    def send(subject: str = "Stuck", text: str = "Text", actions: tuple[Action, ...] = ()) -> Any:
        httpserver.expect_request("/hook").respond_with_data("ok")
        Slack(httpserver.url_for("/hook")).send(Message("d1", "#claims", subject, text, actions))
        return httpserver.log[-1][0].get_json()

    return send


def test_a_message_is_a_header_a_section_and_a_link_for_each_action(sent: Any) -> None:
    payload = sent("Stuck", "One.\n\nTwo.", (Action("Open", "https://t.example/?a=1&b=2"),))
    assert payload["text"] == "Stuck"
    assert [block["type"] for block in payload["blocks"]] == ["header", "section", "section"]
    assert payload["blocks"][1]["text"]["text"] == "One.\n\nTwo."
    assert payload["blocks"][2]["text"]["text"] == "<https://t.example/?a=1&amp;b=2|Open>"


def test_no_name_pings_anybody(sent: Any) -> None:
    name = "<!channel> <@U1> @here #general & <https://evil.example|click>"
    payload = sent(name, name, (Action(name, "https://t.example/"),))
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    header, text, link = [block["text"] for block in payload["blocks"]]
    assert payload["text"] == header["text"] == text["text"] == escaped
    assert link["text"] == f"<https://t.example/|{escaped}>"
    assert header["type"] == "plain_text"
    # Without verbatim Slack makes mentions of bare @names.
    assert text["verbatim"] is link["verbatim"] is True


def test_slack_opens_none_of_the_links_by_itself(sent: Any) -> None:
    payload = sent()
    assert payload["unfurl_links"] is payload["unfurl_media"] is False


@pytest.mark.parametrize("words", ["x", "&", "<>", "a&b;", "👍"])
@pytest.mark.parametrize("before", range(6))
def test_what_is_too_long_is_cut_between_characters(sent: Any, words: str, before: int) -> None:
    long = "y" * before + words * 4_000
    payload = sent(long, long, (Action(long, "https://t.example/"),))
    header, text, link = [block["text"]["text"] for block in payload["blocks"]]
    assert len(header) <= HEADER_CHARACTERS == 150
    assert len(text) <= SECTION_CHARACTERS == 3000
    assert len(link) <= SECTION_CHARACTERS
    for cut in (header, text):
        assert cut.endswith("…")
        assert long.startswith(html.unescape(cut.removesuffix("…")))


def test_what_just_fits_is_not_cut(sent: Any) -> None:
    payload = sent("x" * 150, "y" * 3000)
    assert payload["blocks"][0]["text"]["text"] == "x" * 150
    assert payload["blocks"][1]["text"]["text"] == "y" * 3000


def test_slack_has_as_long_as_it_is_given(httpserver: HTTPServer) -> None:
    with dripping_server([]) as receiver:
        slack = Slack(f"http://127.0.0.1:{receiver.port}/hook", seconds=0.2)
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            slack.send(Message("d1", "#claims", "Stuck", "Text"))
        assert receiver.saw_the_caller_hang_up()
