"""What people paste: conversations from chat windows, plain text, Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text import variables
from prompts_app.transfer import conversation, plain
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.recognise import recognise

Turns = list[tuple[str, str]]


def entry(text: str, wanted: str) -> EntryDocument:
    assert recognise(text.encode()) == wanted
    (found,) = (conversation if wanted == "conversation" else plain).read(text.encode())
    assert isinstance(found, EntryDocument), found
    return found


def turns(document: EntryDocument) -> Turns:
    return [(one["role"], one["content"]) for one in document.versions[0].content["messages"]]


@pytest.mark.parametrize(
    ("text", "asked", "answers"),
    [
        (
            "You said:\nWrite a haiku\nabout rain\nChatGPT said:\nDrops fall\n\nCopy\nShare\n"
            "ChatGPT can make mistakes. Check important info.",
            [("user", "Write a haiku\nabout rain")],
            [("ChatGPT", "Drops fall")],
        ),
        (
            "Vous avez dit :\nÉcris un poème.\nChatGPT a dit :\nVoici : la pluie",
            [("user", "Écris un poème.")],
            [("ChatGPT", "Voici : la pluie")],
        ),
        (
            "Vous\nBonjour\nLe Chat\nSalut",
            [("user", "Bonjour")],
            [("Le Chat", "Salut")],
        ),
        (
            "You\nHi\nChatGPT\nHello\nGemini said\nHey",
            [("user", "Hi")],
            [("ChatGPT", "Hello"), ("Gemini", "Hey")],
        ),
        (
            "You said: one\nClaude responded: two\nYou said: three",
            [("user", "one"), ("assistant", "two"), ("user", "three")],
            [],
        ),
        (
            "**Moi :** bonjour\n\n**Claude 3.5 Sonnet :** salut",
            [("user", "bonjour")],
            [("Claude 3.5 Sonnet", "salut")],
        ),
        (
            "## System\nBe kind\n## User\nHi\n## Assistant\nHello\n\n# Not a turn",
            [("system", "Be kind"), ("user", "Hi")],
            [("Assistant", "Hello\n\n# Not a turn")],
        ),
        (
            "Système : Sois bref.\nUtilisateur : Qui ?\nAssistant : Moi.",
            [("system", "Sois bref."), ("user", "Qui ?")],
            [("Assistant", "Moi.")],
        ),
        (
            "User: look\n```\nAssistant: text in a fence\n```\nAssistant: seen\nAnswer: 4",
            [("user", "look\n```\nAssistant: text in a fence\n```")],
            [("Assistant", "seen\nAnswer: 4")],
        ),
        ("Human: a\n\nAI: b", [("user", "a")], [("AI", "b")]),
        ("Prompt: a\nRéponse : b", [("user", "a")], [("Réponse", "b")]),
    ],
)
def test_a_conversation_is_cut_into_question_and_answer(
    text: str, asked: Turns, answers: Turns
) -> None:
    for one in (text, text.replace("\n", "\r\n"), text.replace(" :", "\u00a0:")):
        document = entry(one, "conversation")
        assert turns(document) == asked
        assert [
            (run.model, run.output.replace("\u00a0:", " :")) for run in document.runs
        ] == answers
        assert all(run.raw is None and run.version == 0 for run in document.runs)


def test_a_title_above_is_the_title_and_the_windows_lines_are_told() -> None:
    document = entry("# Rain\nUser: a\nCopy\nAssistant: b\nRead aloud", "conversation")
    assert document.title == "Rain"
    assert [(loss.line, loss.code, loss.detail) for loss in document.losses] == [
        (2, "window_text", "Copy"),
        (4, "window_text", "Read aloud"),
    ]


@given(st.text(alphabet="{}\\ ab:\n", min_size=1, max_size=30).filter(str.strip))
def test_what_was_said_is_sent_to_the_character(said: str) -> None:
    text = f"x{said}x"
    (found,) = conversation.read(f"User: {text}\nAssistant: {text}".encode())
    assert isinstance(found, EntryDocument)
    assert variables.render(turns(found)[0][1], {}) == text
    assert found.runs[0].output == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no label", "no_turns"),
        ("Assistant: only an answer", "no_turns"),
        ("User: " + "x" * 60_001, "message_too_long"),
        ("User: a\nAssistant: b\n" * 11 + "User: c", "too_many_messages"),
        ("User: a\u202eb", "bidi"),
    ],
)
def test_what_is_no_conversation_is_told(text: str, code: str) -> None:
    (found,) = conversation.read(text.encode())
    assert isinstance(found, Problem)
    assert found.code == code


def test_plain_text_is_one_prompt_with_its_variables() -> None:
    document = entry("Translate {{ text }} into {{language}}.\nKeep \\{{ this }}.", "plain")
    content = document.versions[0].content
    assert turns(document) == [
        ("user", "Translate {{ text }} into {{language}}.\nKeep \\{{ this }}.")
    ]
    assert [one["name"] for one in content["variables"]] == ["text", "language"]
    assert document.title == "Translate text into language."


@pytest.mark.parametrize(
    ("text", "title", "asked", "around"),
    [
        ("# A *title*\n\nDo it.\n", "A *title*", [("user", "Do it.")], ""),
        ("# Role\nx\n# Task\ny", "Role", [("user", "# Role\nx\n# Task\ny")], ""),
        (
            "# Title\nWhy.\n\n```prompt\nDo\n  it.\n```\n\nMore.",
            "Title",
            [("user", "Do\n  it.")],
            "Why.\n\nMore.",
        ),
        (
            "```system\nA\n```\n```user\nB\n```",
            "B",
            [("system", "A"), ("user", "B")],
            "",
        ),
        (
            "Fix it.\n```python\nx\n```",
            "Fix it.",
            [("user", "Fix it.\n```python\nx\n```")],
            "",
        ),
        ("```\nnever closed", "never closed", [("user", "```\nnever closed")], ""),
    ],
)  # fmt: skip
def test_markdown_is_taken_apart(text: str, title: str, asked: Turns, around: str) -> None:
    document = entry(text, "plain")
    assert document.title == title
    assert turns(document) == asked
    assert document.versions[0].content["context"] == around


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty_prompt", 1),
        (b"\n \n", "empty_prompt", 1),
        (b"a\nb\xff", "encoding", 2),
        (b"a\n\nb\0", "nul", 3),
        ("a\n\u202eb".encode(), "bidi", 2),
        (b"x" * 60_001, "message_too_long", 1),
        (b"x" * 1_000_001, "too_large", 1),
        (" ".join(f"{{{{ v{n} }}}}" for n in range(31)).encode(), "too_many_variables", 1),
    ],
)
def test_what_is_no_prompt_is_told(data: bytes, code: str, line: int) -> None:
    (found,) = plain.read(data)
    assert isinstance(found, Problem)
    assert (found.code, found.line) == (code, line)
