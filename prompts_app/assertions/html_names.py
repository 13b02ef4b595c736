"""The names of HTML's elements, from the HTML standard (html.spec.whatwg.org, Index: Elements)."""

from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID: Final = _names("area base br col embed hr img input link meta param source track wbr")
# Whose end may be left out (section 13.1.2.4, "Optional tags").
MAY_STAY_OPEN: Final = _names(
    "body caption colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr"
)
# Whose contents are no tags.
RAW: Final = _names("script style textarea title")
# Whose contents are of another language.
FOREIGN: Final = _names("svg math")
_OBSOLETE: Final = _names(
    "acronym basefont bgsound big blink center dir font frame frameset marquee nobr noframes strike"
    " tt xmp"
)
_OTHERS: Final = _names(
    "a abbr address article aside audio b bdi bdo blockquote button canvas cite code data datalist"
    " del details dfn dialog div dl em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6"
    " header hgroup i iframe ins kbd label legend main map mark menu meter nav noscript object ol"
    " output picture pre progress q ruby s samp search section select selectedcontent slot small"
    " span strong sub summary sup table template time u ul var video"
)
NAMES: Final = VOID | MAY_STAY_OPEN | RAW | FOREIGN | _OBSOLETE | _OTHERS
