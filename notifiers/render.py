"""A message as plain text and as HTML, from the same fields."""

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined

from notifiers.message import Message

_TEMPLATES = Environment(
    loader=PackageLoader("notifiers"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# keep_at_rules: without it the dark-mode and small-screen rules are dropped.
_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def as_text(message: Message) -> str:
    """The text, then one line for each action, then the way out; blank lines between."""
    parts = [message.text, *(f"{action.label}: {action.url}" for action in message.actions)]
    if message.unsubscribe_url:
        parts.append(f"Stop these messages: {message.unsubscribe_url}")
    return "\n\n".join(parts) + "\n"


def as_html(message: Message) -> str:
    """A whole HTML document with its rules inlined, for readers of mail that drop style sheets."""
    return _INLINER.inline(_TEMPLATES.get_template("message.html").render(message=message))
