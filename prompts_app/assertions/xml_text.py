"""XML in answers: well-formedness by expat, which builds no tree and is given no entities."""

from xml.parsers import expat

from prompts_app.assertions.base import Finding, shown, untestable


class _EntitiesError(Exception):
    """The document declares entities of its own: they may grow without end, none is expanded."""


def is_xml(text: str, required: list[str]) -> Finding:
    """Whether `text`, blanks around it apart, is one well-formed XML document.

    `required` names elements that must stand in it, as paths from the root ("root.child.name").
    A document type with declarations in it makes the text untestable.
    """
    paths = [path.split(".") for path in required]
    reached = [0] * len(paths)
    missing = set(range(len(paths)))
    depth = 0

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        for index in missing:
            path = paths[index]
            if reached[index] == depth < len(path) and path[depth] == name:
                reached[index] = depth + 1
        depth += 1
        missing.difference_update({each for each in missing if reached[each] == len(paths[each])})

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1
        for index in missing:
            reached[index] = min(reached[index], depth)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _doctype
    if paths:
        parser.StartElementHandler = start
        parser.EndElementHandler = end
    try:
        parser.Parse(text.strip(), True)
    except _EntitiesError:
        return untestable("entities")
    except UnicodeEncodeError:
        return Finding(False, "not_xml")
    except expat.ExpatError as error:
        return Finding(False, "not_xml_at", {"line": error.lineno, "column": error.offset + 1})
    if missing:
        return Finding(False, "element_missing", {"element": shown(required[min(missing)])})
    return Finding(True, "xml")


def _doctype(_name: str, _system: str | None, _public: str | None, inside: bool) -> None:
    if inside:
        raise _EntitiesError
