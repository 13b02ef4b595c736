r"""Reader of ChainForge's flows (`.cforge`): prompt nodes with the answers kept for them.

Source: the flows that ChainForge itself saves. Each prompt node is one entry:

- `{name}` is a variable; `\{` writes a brace. `{=system_msg}` gives the system message its text, so
  that it becomes a variable there; other settings stay text and are reported.
- Models may have system messages of their own: each of these is a version, in the order of the
  models.
- Kept answers are runs, each on the values it was made with, which are the test cases. They count
  as imported where the provider's response is there, and as pasted otherwise. Answers to another
  wording than the node has now are left out.
- Without answers, the values of nodes with texts that lead to the prompt are the test cases.

Losses beside those of `chat` and `completion`: "template" (detail: the setting), "node" (detail:
its type), "other_wording" (detail: how many answers), "models" (detail: their names; information),
"parameters" (detail: the name; models differ in it, or it is out of bounds), "json_schema",
"value_too_long" (detail: the variable), "too_many_tests" (detail: the most there may be; others are
in the runs all the same). Problems beside those of `loading` and `chat`: "not_chainforge" (no flow
with nodes), "no_prompt" (no node with a prompt), "too_many_variables" (detail: how many).
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prompts_app.transfer.chainforge_answers import Answer, Wording, answers_of, spec_of
from prompts_app.transfer.chainforge_prompts import (
    SYSTEM,
    Prompt,
    messages_of,
    parameters_of,
    prompt_of,
)
from prompts_app.transfer.completion import MAX_RUNS, Asked
from prompts_app.transfer.document import (
    MAX_CASES,
    MAX_CHANGE_NOTE,
    MAX_VARIABLES,
    CaseDocument,
    EntryDocument,
    Problem,
    RunDocument,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.single import case_of, kept_value, names, said, source_key
from prompts_app.transfer.texts import shortened, variable

ENDINGS: Final = (".cforge",)
MAX_ENTRIES: Final = 100
MAX_VERSIONS: Final = 20

_ENDS: Final = ("target", "targetHandle", "source")
# Nodes that only lead to a prompt or show what came of it.
_QUIET: Final = ("prompt", "textfields", "csv", "table", "vis", "inspect", "comment")


def sniff(glance: Glance) -> bool:
    """Whether it is JSON with a flow."""
    return glance.is_json and "flow" in glance.keys and '"nodes"' in glance.head


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """An entry for each prompt node, in the order of the file."""
    loaded = json_of(data)
    if isinstance(loaded, Problem):
        yield loaded
        return
    value = loaded.value
    flow = value.get("flow") if isinstance(value, dict) else None
    nodes = flow.get("nodes") if isinstance(flow, dict) else None
    if not isinstance(nodes, list):
        yield Notes(loaded).unfit((), "not_chainforge").problem
        return
    reader = _Flow(loaded, nodes)
    prompts = [number for number, one in enumerate(nodes) if reader.template(one)]
    if not prompts:
        yield Notes(loaded).unfit(("flow", "nodes"), "no_prompt").problem
    for count, number in enumerate(prompts):
        notes = Notes(loaded)
        path: Path = ("flow", "nodes", number)
        if count == MAX_ENTRIES:
            yield notes.unfit(path, "too_many_entries", str(MAX_ENTRIES)).problem
            return
        try:
            yield reader.entry(nodes[number], path, notes, first=not count)
        except Unfit as unfit:
            yield unfit.problem


class _Flow:
    """A flow's nodes, and what leads from one to another."""

    def __init__(self, loaded: Loaded, nodes: list[Any]) -> None:
        self.loaded, self.nodes = loaded, nodes
        value = loaded.value
        # By the id of a node and the variable of its prompt: the nodes that lead to it.
        self.sources: dict[tuple[str, str], dict[str, None]] = {}
        for edge in _list(value["flow"].get("edges")):
            told = edge if isinstance(edge, dict) else {}
            ends = [end for name in _ENDS if isinstance(end := told.get(name), str)]
            if len(ends) == len(_ENDS):
                self.sources.setdefault((ends[0], ends[1]), {})[ends[2]] = None
        self.by_id: dict[str, dict[str, Any]] = {
            one["id"]: one
            for one in nodes
            if isinstance(one, dict) and isinstance(one.get("id"), str)
        }
        cache = value.get("cache")
        self.cache: Mapping[str, Any] = cache if isinstance(cache, dict) else {}

    @staticmethod
    def template(node: Any) -> str:
        """The template of a prompt node, "" of any other."""
        data = node.get("data") if isinstance(node, dict) else None
        if not isinstance(data, dict) or node.get("type") != "prompt":
            return ""
        given = data.get("prompt")
        # Several wordings may be kept; the one shown counts.
        if isinstance(given, list):
            shown = data.get("idxPromptVariantShown")
            given = given[shown] if isinstance(shown, int) and 0 <= shown < len(given) else ""
        return given if isinstance(given, str) and given.strip() else ""

    def entry(
        self, node: dict[str, Any], path: Path, notes: Notes, *, first: bool
    ) -> EntryDocument:
        """The entry of a prompt node."""
        data, place = node["data"], (*path, "data", "prompt")
        prompt = prompt_of(self.template(node), notes, place)
        if len(prompt.known) > MAX_VARIABLES:
            raise notes.unfit(place, "too_many_variables", str(len(prompt.known)))
        llms = [one for one in map(spec_of, _list(data.get("llms"))) if one]
        for llm in llms:
            self.version(prompt, llm.system, notes, place)
        node_id = node.get("id")
        given = list(answers_of(self.cache, node_id, notes)) if isinstance(node_id, str) else []
        cases: dict[tuple[tuple[str, str], ...], CaseDocument] = {}
        runs = tuple(self.runs(prompt, given, cases, notes, path))
        if not runs:
            self.cases_of(node_id, prompt, cases, notes)
        if first:
            for number, one in enumerate(self.nodes):
                kind = said(one.get("type")) if isinstance(one, dict) else ""
                if kind and kind not in _QUIET:
                    notes.lost(("flow", "nodes", number), "node", kind)
        models = list(dict.fromkeys(one.model for one in llms if one.model))
        if models:
            notes.lost((*path, "data", "llms"), "models", ", ".join(models))
        content = {
            "kind": "text",
            "variables": [variable(name, label) for label, name in prompt.known.items()],
            "context": "",
            "constraints": [],
            "parameters": parameters_of([one.settings for one in llms], notes, path),
        }
        versions = [messages_of(prompt, system, notes, place) for system in prompt.systems or ("",)]
        title, summary = names(said(data.get("title")), "", versions[-1])
        return EntryDocument(
            title=title,
            summary=summary,
            use_case="",
            language=guess_language(prompt.template),
            tags=(),
            credit="",
            source_key=source_key("chainforge", title, versions),
            versions=tuple(
                VersionDocument(
                    {**content, "messages": messages},
                    shortened(", ".join(models), MAX_CHANGE_NOTE),
                )
                for messages in versions
            ),
            cases=tuple(cases.values()),
            runs=runs,
            losses=notes.losses,
            line=self.loaded.line(path),
        )

    def version(self, prompt: Prompt, system: str, notes: Notes, path: Path) -> int:
        """The version with that system message; the last one where there are too many."""
        system = "" if prompt.takes_system else system
        if system not in prompt.systems:
            if len(prompt.systems) == MAX_VERSIONS:
                notes.lost(path, "too_many_versions", str(MAX_VERSIONS))
                return MAX_VERSIONS - 1
            prompt.systems[system] = len(prompt.systems)
        return prompt.systems[system]

    def runs(
        self,
        prompt: Prompt,
        given: list[Answer],
        cases: dict[tuple[tuple[str, str], ...], CaseDocument],
        notes: Notes,
        path: Path,
    ) -> Iterator[RunDocument]:
        """Runs of the answers to the prompt as it is; `cases` gets one for all values alike."""
        made = others = 0
        wording = Wording(prompt.template)
        for answer in given:
            if not wording.is_of(answer):
                others += 1
                continue
            values = {
                name: str(kept_value(answer.values.get(label, ""), label, notes, answer.path) or "")
                for label, name in prompt.known.items()
            }
            if prompt.takes_system:
                system = kept_value(answer.system, SYSTEM, notes, answer.path)
                values[prompt.known[SYSTEM]] = system or ""
            key = tuple(values.items())
            if values and key not in cases:
                if len(cases) == MAX_CASES:
                    notes.lost(answer.path, "too_many_tests", str(MAX_CASES))
                else:
                    cases[key] = case_of(values, len(cases) + 1)
            case = list(cases).index(key) if key in cases else None
            version = self.version(prompt, answer.system, notes, path)
            for run in answer.runs(Asked(version, case, values, answer.model), notes):
                if made == MAX_RUNS:
                    notes.lost(answer.path, "too_many_outputs", str(MAX_RUNS))
                    return
                made += 1
                yield run
        if others:
            notes.lost((*path, "data", "prompt"), "other_wording", str(others))

    def cases_of(
        self,
        node_id: Any,
        prompt: Prompt,
        cases: dict[tuple[tuple[str, str], ...], CaseDocument],
        notes: Notes,
    ) -> None:
        """Make cases of the texts that lead to a prompt."""
        by_label = {label: self.texts_for(node_id, label) for label in prompt.known}
        given = {label: texts for label, texts in by_label.items() if texts}
        for combination in itertools.islice(itertools.product(*given.values()), MAX_CASES):
            values = {}
            for label, text in zip(given, combination, strict=True):
                kept = kept_value(text, label, notes, ("flow",))
                if kept is not None:
                    values[prompt.known[label]] = kept
            key = tuple(values.items())
            if values and key not in cases:
                cases[key] = case_of(values, len(cases) + 1)

    def texts_for(self, node_id: Any, label: str) -> list[str]:
        """The texts of the nodes that lead to a variable of a prompt."""
        found: list[Any] = []
        for source in self.sources.get((node_id, label), ()) if isinstance(node_id, str) else ():
            data = self.by_id.get(source, {}).get("data")
            fields = data.get("fields") if isinstance(data, dict) else None
            fields = [*fields.values()] if isinstance(fields, dict) else fields
            found += fields[:MAX_CASES] if isinstance(fields, list) else []
        return [one for one in found if isinstance(one, str) and one][:MAX_CASES]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
