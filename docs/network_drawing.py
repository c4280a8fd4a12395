"""The network as an SVG: the same boxes and lines as the window's *About this model* draws, from the same plan."""

from html import escape

from core.learning.models.model_file import FolderFiles, read_card
from core.paths import starter_model
from gui.training.network_plan import HEIGHT, Block, Link, NetworkPlan, Rect, network_plan

WIDTH = 700.0
_TIP = 5.0


def starter_plan() -> NetworkPlan:
    """The plan of the model that is shipped."""
    card = read_card(FolderFiles(starter_model()))
    return network_plan(card.tokenizer, card.network, card.vocabulary.sizes, window=card.training.window, width=WIDTH)


def drawing(plan: NetworkPlan) -> str:
    """The SVG, coloured by the classes of handbook.css, told in words for a screen reader."""
    attributes = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(plan.sentences)}"'
    parts = [f'<svg class="network" {attributes} xmlns="http://www.w3.org/2000/svg">']
    parts += [_words(left + width / 2, 11, name, "column") for name, left, width in plan.columns]
    parts += [_link(link) for link in plan.links]
    parts += [_rect(note, "you", radius=2) for note in plan.notes]
    parts.append(_rect(plan.next_note, "next", radius=3))
    parts += [_block(block) for block in plan.blocks]
    beneath = max(note.bottom for note in plan.notes) + 16
    parts.append(_words(plan.notes[0].left, beneath, "the notes so far", "column start"))
    parts.append(_words(plan.next_note.middle[0], beneath, "the next one", "next-words"))
    return "".join([*parts, "</svg>"])


def _block(block: Block) -> str:
    x, y = block.rect.middle
    shape = f"<g><title>{escape(block.tip)}</title>" + _rect(block.rect, f"box {block.kind}", radius=6)
    if not block.detail:
        return shape + _words(x, y + 4, block.title) + "</g>"
    return shape + _words(x, y - 3, block.title) + _words(x, y + 12, block.detail, "detail") + "</g>"


def _link(link: Link) -> str:
    (x, y), (to_x, to_y) = link.start, link.end
    bend = (to_y - y) * 0.6
    if link.line in ("copy", "moved", "glance"):
        path = f"M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
    elif link.line == "way" and x != to_x and y != to_y:
        middle = (x + to_x) / 2
        path = f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
    else:
        path = f"M{x:g} {y:g}L{to_x:g} {to_y:g}"
    drawn = f'<path class="{link.line}" d="{path}"/>'
    if link.line == "glance" or (link.line == "way" and x != to_x):
        return drawn
    tip = "way-tip" if link.line == "way" else "tip"
    left, right = to_x - _TIP * 0.8, to_x + _TIP * 0.8
    return drawn + f'<path class="{tip}" d="M{to_x:g} {to_y:g}L{left:g} {to_y - _TIP:g}H{right:g}z"/>'


def _rect(rect: Rect, kind: str, *, radius: float) -> str:
    place = f'x="{rect.left:g}" y="{rect.top:g}" width="{rect.width:g}" height="{rect.height:g}"'
    return f'<rect class="{kind}" {place} rx="{radius:g}"/>'


def _words(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(words)}</text>'
