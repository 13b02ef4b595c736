"""Every code that a reader may give, found in the readers' own source.

A code is a constant that goes where something is called `code`: as an argument of a class or
function that calls it so, or assigned to a name of that kind. What the docstrings list counts too.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LISTED = re.compile(r"\b(?:Losses|Problems|Codes)\b(.*?)(?:\n\s*\n|\Z)", re.S)
_QUOTED = re.compile(r'"([a-z0-9_]+(?:\n\s*[a-z0-9_]+)?)"')


def codes_of(folder: Path) -> dict[str, set[str]]:
    """Return code → the names of the modules of `folder` in which it stands."""
    trees = {path.name: ast.parse(path.read_text()) for path in sorted(folder.glob("*.py"))}
    places = dict(_places(trees.values()))
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        for code in {*_told(tree, places), *_listed(tree)}:
            found.setdefault(code, set()).add(name)
    return found


def _places(trees: Iterable[ast.Module]) -> Iterator[tuple[str, int]]:
    """Yield what takes a code, by its name, and which argument that is."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = [
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                ]
                if "code" in fields:
                    yield node.name, fields.index("code")
                for one in node.body:
                    if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                        yield from _argument(node.name, one)
            elif isinstance(node, ast.FunctionDef):
                yield from _argument(node.name, node)


def _argument(name: str, function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
    if "code" in names:
        yield name, names.index("code")


def _told(tree: ast.Module, places: dict[str, int]) -> Iterator[str]:
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            given = [one.value for one in node.keywords if one.arg == "code"]
            if name in places and len(node.args) > places[name]:
                given.append(node.args[places[name]])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                given += _assigned(target, node.value)
        for one in given:
            yield from _constants(one)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == "code":
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=False):
            yield from _assigned(one, other)


def _constants(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str() as text) if _CODE.fullmatch(text):
            yield text
        case ast.BoolOp(values=values):
            for one in values:
                yield from _constants(one)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)


def _listed(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            for paragraph in _LISTED.findall(ast.get_docstring(node, clean=False) or ""):
                for quoted in _QUOTED.findall(paragraph):
                    if _CODE.fullmatch(code := re.sub(r"\s+", "", quoted)):
                        yield code
