"""Every channel there is, by the kind it is configured under."""

from collections.abc import Callable

from notifiers.channel import Channel
from notifiers.console import Console
from notifiers.mail import Mail
from notifiers.mailbox import Mailbox
from notifiers.slack import Slack

CHANNELS: dict[str, Callable[..., Channel]] = {
    "console": Console,
    "mail": Mail,
    "mailbox": Mailbox,
    "slack": Slack,
}
