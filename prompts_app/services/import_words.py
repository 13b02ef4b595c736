"""What imports say: formats by name, and a sentence for every code of every reader."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

FORMATS: Final[dict[str, Promise]] = {
    "prompts_chat": gettext_lazy("prompts.chat (CSV)"),
    "promptfoo": gettext_lazy("promptfoo configuration"),
    "github_models": gettext_lazy("GitHub Models (.prompt.yml)"),
    "conversation": gettext_lazy("pasted conversation"),
    "plain": gettext_lazy("plain text or Markdown"),
    "promptfolio": gettext_lazy("Promptfolio entry (JSON)"),
    "archive": gettext_lazy("Promptfolio archive (ZIP)"),
    "openai": gettext_lazy("OpenAI chat completion (JSON)"),
    "chainforge": gettext_lazy("ChainForge flow"),
    "langfuse": gettext_lazy("Langfuse prompts (JSON)"),
    "prompty": gettext_lazy("Prompty"),
    "dotprompt": gettext_lazy("dotprompt (.prompt)"),
}

# What becomes of each, for who wonders whether theirs is among them.
MADE_OF: Final[dict[str, Promise]] = {
    "prompts_chat": gettext_lazy("each row becomes an entry; ${names} become variables"),
    "promptfoo": gettext_lazy(
        "prompts become versions, tests become cases, asserts become rules; what only promptfoo can"
        " run is kept and exported again"
    ),
    "github_models": gettext_lazy("messages, test data as cases, evaluators as rules"),
    "conversation": gettext_lazy(
        "text with the names of who speaks, as you copy it from a chat window: messages, and the"
        " last answer as an output"
    ),
    "plain": gettext_lazy("one prompt"),
    "promptfolio": gettext_lazy("one entry, as the studio exports it"),
    "archive": gettext_lazy("a whole portfolio, with answers and pictures; it comes in as a whole"),
    "openai": gettext_lazy("requests with their answers: messages, and each answer as an output"),
    "chainforge": gettext_lazy("prompts, and the answers of models with their raw responses"),
    "langfuse": gettext_lazy("texts and chats with their versions"),
    "prompty": gettext_lazy("version 1 and 2: messages, inputs as variables"),
    "dotprompt": gettext_lazy("messages, the input schema as variables"),
}

# Of the file as a whole, whatever its format.
_OF_FILES: Final[dict[str, Promise]] = {
    "too_large": gettext_lazy("This is larger than the format is read (%(detail)s bytes)."),
    "encoding": gettext_lazy("This is not UTF-8. Save the file as UTF-8 and choose it again."),
    "nul": gettext_lazy("There is a NUL character here, which no text has."),
    "control": gettext_lazy("There is a control character here, which YAML does not take."),
    "surrogate": gettext_lazy("There is half a character here."),
    "bidi": gettext_lazy("There are characters here that turn the reading direction."),
    "invisible": gettext_lazy("There are invisible characters here."),
    "not_json": gettext_lazy("This is not JSON from column %(detail)s on."),
    "not_yaml": gettext_lazy("This is not YAML from column %(detail)s on."),
    "too_deep": gettext_lazy("Lists and objects stand more than %(detail)s deep in each other."),
    "too_many_values": gettext_lazy("There are more than %(detail)s values."),
    "too_many_aliases": gettext_lazy("There are more than %(detail)s aliases."),
    "tag": gettext_lazy("The tag “%(detail)s” is not followed."),
    "alias": gettext_lazy("The alias “%(detail)s” stands for nothing before it."),
    "duplicate_key": gettext_lazy("The key “%(detail)s” stands here twice."),
    "key": gettext_lazy("A key is no text."),
    "merge": gettext_lazy("What is merged here has no keys."),
    "not_a_number": gettext_lazy("NaN and infinity are no numbers in JSON."),
    "big_number": gettext_lazy("A number is too large."),
    "documents": gettext_lazy("The file holds more than one YAML document."),
}

# Of this site, whatever the format.
_OF_SITE: Final[dict[str, Promise]] = {
    "does_not_fit": gettext_lazy("“%(detail)s” does not fit the limits of this site."),
    "too_many_entries": gettext_lazy(
        "Only the first %(detail)s entries are read. Bring in the rest as another file."
    ),
    "more_problems": gettext_lazy("Further parts left out: %(detail)s."),
    "more_losses": gettext_lazy("Further things lost: %(detail)s."),
    "rule_refused": gettext_lazy(
        "The rule of “%(detail)s” cannot test anything as it stands. It is kept, and not run here."
    ),
    "rule_unchecked": gettext_lazy(
        "There was no time left to look into the rule of “%(detail)s”. It is kept, and not run"
        " here."
    ),
    "same_version": gettext_lazy(
        "Version %(detail)s says what the one before says: both are one here."
    ),
    "empty_version": gettext_lazy("Version %(detail)s has no text and is left out."),
    "raw_not_kept": gettext_lazy(
        "The provider’s response to output %(detail)s cannot be kept. Its text counts as pasted."
    ),
}

_PROMPTS_CHAT: Final[dict[str, Promise]] = {
    "header": gettext_lazy("The first line must be the header: %(detail)s."),
    "columns": gettext_lazy("Columns in the row: %(detail)s instead of five."),
    "quoting": gettext_lazy("Text stands outside a quoted column."),
    "unclosed_quote": gettext_lazy(
        "A quote is opened here and never closed. Nothing after it can be read."
    ),
    "empty_act": gettext_lazy("The act is empty."),
    "empty_prompt": gettext_lazy("The prompt is empty."),
    "unknown_type": gettext_lazy("The type is “%(detail)s” instead of TEXT, STRUCTURED or IMAGE."),
    "unknown_for_devs": gettext_lazy("for_devs is “%(detail)s” instead of TRUE or FALSE."),
    "act_too_long": gettext_lazy("The act is longer than %(detail)s characters."),
    "prompt_too_long": gettext_lazy("The prompt is longer than %(detail)s characters."),
    "contributor_too_long": gettext_lazy("The contributor is longer than %(detail)s characters."),
    "default_too_long": gettext_lazy("The default of “%(detail)s” is too long."),
    "too_many_variables": gettext_lazy("The prompt has %(detail)s variables, which is too many."),
}

# Of messages, wherever they come from.
_CHATS: Final[dict[str, Promise]] = {
    "messages": gettext_lazy("There is no list of messages here."),
    "role": gettext_lazy("The message does not say who speaks."),
    "content": gettext_lazy("The message is neither text nor made of parts."),
    "no_messages": gettext_lazy("There is no message with a text."),
    "too_many_messages": gettext_lazy("There are more than %(detail)s messages."),
    "message_too_long": gettext_lazy("A message is longer than %(detail)s characters."),
    "empty_message": gettext_lazy("An empty message is left out."),
    "message_key": gettext_lazy("“%(detail)s” of the message is left out."),
    "part": gettext_lazy("A part that is no text (%(detail)s) is left out."),
    "no_turns": gettext_lazy("Nobody says anything here: no turn has a text."),
    "window_text": gettext_lazy("“%(detail)s” is a button of the chat window and left out."),
    "before_first_turn": gettext_lazy("What stands before the first turn is left out: %(detail)s"),
    "output_too_long": gettext_lazy("An answer is longer than %(detail)s characters and left out."),
    "context_too_long": gettext_lazy(
        "The prose around the prompt is longer than %(detail)s characters and left out."
    ),
}

# Of tests and what they hold answers to.
_TESTS: Final[dict[str, Promise]] = {
    "not_promptfoo": gettext_lazy("This is no promptfoo configuration: it has no prompts."),
    "not_github_models": gettext_lazy("This is no prompt of GitHub Models: it has no messages."),
    "parameters": gettext_lazy(
        "The parameter “%(detail)s” is left out: models differ in it, or it is out of bounds."
    ),
    "models": gettext_lazy("Written for %(detail)s. Choose the models to run it on here."),
    "file": gettext_lazy("“%(detail)s” names a file, which is not opened."),
    "prompt": gettext_lazy("A prompt cannot be read and is left out."),
    "template": gettext_lazy("“%(detail)s” is logic of a template. It stays as text."),
    "test": gettext_lazy("A test cannot be read and is left out."),
    "value_too_long": gettext_lazy("The value of “%(detail)s” is too long and left out."),
    "too_many_prompts": gettext_lazy("Only the first %(detail)s prompts are brought in."),
    "too_many_tests": gettext_lazy("Only the first %(detail)s test cases are brought in."),
    "too_many_constraints": gettext_lazy("Only the first %(detail)s constraints are brought in."),
    "assert": gettext_lazy("An assert cannot be read and is left out."),
    "not_run_here": gettext_lazy(
        "“%(detail)s” is not run here. It is kept, and exported again as it was."
    ),
    "weight": gettext_lazy("The weight %(detail)s is left out: every constraint counts the same."),
    "judge": gettext_lazy("The judging model (%(detail)s) is left out. Choose one here."),
    "only_one_test": gettext_lazy(
        "“%(detail)s” concerns one test alone. It is noted in what to watch for there."
    ),
    "for_all_tests": gettext_lazy("“%(detail)s” concerned one test; here it concerns all."),
    "evaluator": gettext_lazy("Nothing tests “%(detail)s” here. Its sentence is kept."),
    "case_sensitive": gettext_lazy("“%(detail)s” tells capitals from small letters here."),
    "json_schema": gettext_lazy("Answers are asked for as a JSON object, without the schema."),
}

# Of this site's own format, which only an archive brings back whole.
_PROMPTFOLIO: Final[dict[str, Promise]] = {
    "not_promptfolio": gettext_lazy("This is nothing that a Promptfolio site exported."),
    "format_version": gettext_lazy("It is in version %(detail)s of the format, unknown here."),
    "shape": gettext_lazy("This is not as the format’s schema says (%(detail)s)."),
    "empty": gettext_lazy("No version and no draft says anything."),
    "withdrawn_versions": gettext_lazy("Withdrawn versions are left out: %(detail)s."),
    "withdrawn_cases": gettext_lazy("Removed test cases are left out: %(detail)s."),
    "cases": gettext_lazy("Test cases beyond what fits are left out: %(detail)s."),
    "tags": gettext_lazy("Tags beyond what fits are left out: %(detail)s."),
    "demo_runs": gettext_lazy("Answers of the demo model are left out: %(detail)s."),
    "hidden_runs": gettext_lazy("Hidden answers are left out: %(detail)s."),
    "failed_runs": gettext_lazy("Runs without an answer are left out: %(detail)s."),
    "pictures": gettext_lazy("Pictures are left out: %(detail)s. An archive brings them along."),
    "receipts": gettext_lazy("Receipts are left out: %(detail)s. An archive brings them along."),
    "draft": gettext_lazy("The draft is left out: it differs from the last version."),
}

# Of a whole archive: nothing of it is made when a part is not as it was written.
_ARCHIVES: Final[dict[str, Promise]] = {
    "changed": gettext_lazy("This file is not the one that the archive was made with."),
    "content_hash": gettext_lazy("A version is not the one that its hash was made of."),
    "assertion": gettext_lazy("A rule (%(detail)s) is none of this site’s."),
    "time": gettext_lazy("A time cannot be read."),
    "receipt": gettext_lazy("A receipt or key cannot be read (%(detail)s)."),
    "picture": gettext_lazy("A picture cannot be read (%(detail)s)."),
    "twice": gettext_lazy("Two entries have the address “%(detail)s”."),
    "renamed": gettext_lazy("You have an entry of that address: this one gets “%(detail)s”."),
    "text_nul": gettext_lazy("A text holds a NUL character."),
    "text_surrogate": gettext_lazy("A text holds half a character."),
    "text_bidi": gettext_lazy("A text holds characters that turn the reading direction."),
    "text_control": gettext_lazy("A text holds control characters."),
    "text_line_break": gettext_lazy("A text of one line holds a line break."),
    "text_invisible": gettext_lazy("A text holds invisible characters."),
    "zip_not_a_zip": gettext_lazy("This is no ZIP file, or its end is missing."),
    "zip_too_many_files": gettext_lazy("The ZIP has too many files."),
    "zip_too_large": gettext_lazy("What is in the ZIP is too large."),
    "zip_ratio": gettext_lazy("A file in the ZIP is packed suspiciously small."),
    "zip_name": gettext_lazy("A name in the ZIP leads out of it."),
    "zip_twice": gettext_lazy("A name stands in the ZIP twice."),
    "zip_link": gettext_lazy("The ZIP holds a link."),
    "zip_encrypted": gettext_lazy("The ZIP is encrypted."),
    "zip_overlap": gettext_lazy("Files in the ZIP share their bytes."),
    "zip_method": gettext_lazy("A file in the ZIP is packed in a way that is not read here."),
    "zip_damaged": gettext_lazy("A file in the ZIP is damaged."),
    "zip_missing": gettext_lazy("A file is missing in the ZIP."),
    "zip_file_too_large": gettext_lazy("A file in the ZIP is too large."),
}

# Of prompts and answers that other tools keep.
_TOOLS: Final[dict[str, Promise]] = {
    "not_prompty": gettext_lazy(
        "This is no Prompty file: there is no front matter between lines of three hyphens."
    ),
    "not_dotprompt": gettext_lazy(
        "This is no dotprompt file: its front matter has no end, or says nothing."
    ),
    "not_openai": gettext_lazy("There are no messages here, as OpenAI’s interface takes them."),
    "only_response": gettext_lazy("This answer comes without what was asked."),
    "not_langfuse": gettext_lazy("This is no prompt of Langfuse."),
    "not_chainforge": gettext_lazy("This is no flow of ChainForge."),
    "no_prompt": gettext_lazy("The flow has no prompt."),
    "environment": gettext_lazy(
        "“%(detail)s” names a value of an environment, which is not looked up."
    ),
    "unused": gettext_lazy("No message asks for “%(detail)s” as a variable: it is left out."),
    "comment": gettext_lazy("The comment “%(detail)s” is left out."),
    "in_production": gettext_lazy(
        "Version %(detail)s is the one in production there; here the newest one is shown."
    ),
    "node": gettext_lazy("A node of the flow (%(detail)s) is left out."),
    "other_wording": gettext_lazy(
        "Answers to other wordings than the prompt has now are left out: %(detail)s."
    ),
    "too_many_versions": gettext_lazy("No more than %(detail)s versions are brought in."),
    "too_many_outputs": gettext_lazy("Only the first %(detail)s answers are brought in."),
}

SENTENCES: Final = (
    _OF_FILES | _OF_SITE | _PROMPTS_CHAT | _CHATS | _TESTS | _TOOLS | _PROMPTFOLIO | _ARCHIVES
)

# Where an entry comes in all the same, some codes mean something else.
LOSSES: Final[dict[str, Promise]] = {
    "key": gettext_lazy("“%(detail)s” has no place here and is left out."),
    "role": gettext_lazy("The role “%(detail)s” becomes “user”."),
}


def format_name(key: str) -> str:
    """Return what a format is called."""
    return str(FORMATS.get(key, key)) if key else _("not recognised")


def sentence(code: str, detail: str = "", *, lost: bool = False) -> str:
    """Return what a code says: of a part that is left out, or `lost` of an entry that comes in."""
    said = LOSSES.get(code) if lost else None
    said = said or SENTENCES.get(code) or LOSSES.get(code)
    if said is None:
        return _("This part cannot be brought in (%(code)s).") % {"code": code}
    return str(said) % {"detail": detail or "?"}


def facts(row: Mapping[str, Any]) -> list[str]:
    """Return in words what an entry has, as an import keeps it (services/imports.py): `row`."""
    told_of = (
        (row["versions"], ngettext_lazy("%(count)d version", "%(count)d versions", "count")),
        (row["messages"], ngettext_lazy("%(count)d message", "%(count)d messages", "count")),
        (row["variables"], ngettext_lazy("%(count)d variable", "%(count)d variables", "count")),
        (row["cases"], ngettext_lazy("%(count)d test case", "%(count)d test cases", "count")),
        (row["rules"], ngettext_lazy("%(count)d rule", "%(count)d rules", "count")),
        (row["outputs"], ngettext_lazy("%(count)d output", "%(count)d outputs", "count")),
    )
    found = [str(words % {"count": count}) for count, words in told_of if count]
    if row["kind"] == "image":
        found.insert(0, _("picture prompt"))
    return [*found, *([place(row["line"], "")] if row["line"] else ())]


def place(line: int, path: str) -> str:
    """Return where in the file something stands, or ""."""
    if line and path:
        return _("Line %(line)d, %(path)s") % {"line": line, "path": path}
    return _("Line %(line)d") % {"line": line} if line else path


def told(kept: Sequence[Any], *, lost: bool = False) -> dict[str, str]:
    """Return a problem, or what is `lost`, as an import keeps it in words: {"place", "text"}."""
    line, path, code, detail = kept
    return {"place": place(line, path), "text": sentence(code, detail, lost=lost)}
