"""Every format there is a reader of, and which of them data is in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from prompts_app.transfer import (
    chainforge,
    conversation,
    dotprompt,
    github_models,
    langfuse,
    openai,
    plain,
    promptfolio,
    promptfoo_read,
    prompts_chat,
    prompty,
)
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.loading import yaml_of

Read = Callable[[bytes], Iterator[EntryDocument | Problem]]


@dataclass(frozen=True)
class Format:
    """A format: `endings` are those that files of it alone have, in small letters.

    `read` takes any bytes and raises for none; `sniff` says whether data looks like it, sound or
    not.
    """

    key: str
    endings: tuple[str, ...]
    read: Read
    sniff: Callable[[Glance], bool]


# In the order of asking: what is told by a surer sign comes first, plain text last.
FORMATS: Final[dict[str, Format]] = {
    one.key: one
    for one in (
        Format("promptfolio", (".promptfolio.json",), promptfolio.read, promptfolio.sniff),
        Format("prompts_chat", (".csv",), prompts_chat.read, prompts_chat.sniff),
        Format("promptfoo", (), promptfoo_read.read, promptfoo_read.sniff),
        Format("github_models", github_models.ENDINGS, github_models.read, github_models.sniff),
        Format("chainforge", chainforge.ENDINGS, chainforge.read, chainforge.sniff),
        Format("langfuse", (), langfuse.read, langfuse.sniff),
        Format("openai", openai.ENDINGS, openai.read, openai.sniff),
        Format("prompty", prompty.ENDINGS, prompty.read, prompty.sniff),
        Format("dotprompt", dotprompt.ENDINGS, dotprompt.read, dotprompt.sniff),
        Format("conversation", (), conversation.read, conversation.sniff),
        Format("plain", plain.ENDINGS, plain.read, plain.sniff),
    )
}


def recognise(data: bytes, name: str = "") -> str:
    """The key of the format of `data`, a file called `name` ("" for pasted text); "" if unknown.

    A file whose name says its format is of that format even where it is broken: the reader says
    where.
    """
    glance = Glance(data, name)
    told = [one for one in FORMATS.values() if one.endings and glance.named(*one.endings)]
    looks = (one for one in FORMATS.values() if one.sniff(glance))
    found = next(looks, told[0] if told else None)
    return found.key if found else ""


def broken_yaml(data: bytes, name: str = "") -> Problem | None:
    """What keeps data that is laid out as YAML from being read as such; None for any other.

    For what `recognise` takes for plain text or knows nothing of: whoever brought it may have meant
    a file with a structure.
    """
    glance = Glance(data[: plain.MAX_BYTES], name)
    if not glance.named(".yaml", ".yml") and not glance.looks_like_yaml:
        return None
    found = yaml_of(data) if len(data) <= plain.MAX_BYTES else None
    return found if isinstance(found, Problem) else None
