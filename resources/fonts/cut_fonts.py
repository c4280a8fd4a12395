"""Cut the shipped fonts from Inter: Latin, Greek and Cyrillic in three weights, with sharp, flat and natural drawn in.

Run once, by hand, when Inter is renewed (needs `pip install fonttools brotli` and the npm package inter-ui, unpacked):

    python resources/fonts/cut_fonts.py inter-ui/package/web

Inter has no ♯ ♭ ♮, which note names need on a computer without any other font; its licence (OFL.txt, no reserved name)
allows the additions. Shapes are polygons in Inter's 2,048 units to the em.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

RANGES = ((0x20, 0x24F), (0x2B0, 0x2FF), (0x370, 0x3FF), (0x400, 0x52F), (0x2000, 0x206F))
SINGLE = (0x20AC, 0x2044, 0x2116, 0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x21B5, 0x21E7, 0x2212, 0x2260, 0x2264, 0x2265,
          0x2303, 0x2318, 0x2325)  # fmt: skip
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "tnum", "case"]
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WEIGHTS = {"Regular": 150, "Medium": 180, "SemiBold": 220}
"""Name → stem width for the drawn accidentals."""

Polygon = list[tuple[int, int]]


def _bar(left: int, right: int, bottom: int, rise: int, thickness: int) -> Polygon:
    """A beam that climbs by `rise` from left to right."""
    return [(left, bottom), (left, bottom + thickness), (right, bottom + rise + thickness), (right, bottom + rise)]


def _stem(x: int, bottom: int, top: int, width: int) -> Polygon:
    return [(x, bottom), (x, top), (x + width, top), (x + width, bottom)]


def accidentals(stem: int) -> dict[int, tuple[int, list[Polygon]]]:
    """Code point → (advance, polygons), clockwise as TrueType wants its outer contours."""
    thin, beam = stem * 3 // 4, stem
    sharp = [
        _stem(330, -220, 1480, thin),
        _stem(740, -120, 1580, thin),
        _bar(110, 1080, 330, 180, beam),
        _bar(110, 1080, 830, 180, beam),
    ]
    natural = [
        _stem(170, 300, 1560, thin),
        _stem(700, -200, 1060, thin),
        _bar(170, 700 + thin, 330, 150, beam),
        _bar(170, 700 + thin, 830, 150, beam),
    ]
    bowl = [(170, 720), (420, 900), (640, 900), (790, 760), (790, 560), (660, 340), (420, 130), (170, -40)]
    hollow = [(170 + thin, 160), (400, 330), (560, 500), (620, 640), (570, 740), (450, 740), (170 + thin, 560)]
    return {
        0x266F: (1190, sharp),
        0x266E: (700 + thin + 170, natural),
        0x266D: (920, [_stem(170, -40, 1560, thin), bowl, hollow]),
    }


def tabular_digits_alone(font: TTFont) -> None:
    """Let tabular figures widen digits and nothing else: Inter's also spread the space, the full stop and the hyphen."""
    table = font["GSUB"].table
    lookups = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    for index in lookups:
        for subtable in table.LookupList.Lookup[index].SubTable:
            single = getattr(subtable, "ExtSubTable", subtable)
            single.mapping = {glyph: wide for glyph, wide in single.mapping.items() if glyph in DIGITS}


def cut(source: Path, target: Path, stem: int) -> None:
    font = TTFont(source)
    options = subset.Options(layout_features=FEATURES, name_IDs=["*"], notdef_outline=True, hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)] + list(SINGLE))
    cutter.subset(font)
    tabular_digits_alone(font)
    order = font.getGlyphOrder()
    for code, (advance, polygons) in accidentals(stem).items():
        pen = TTGlyphPen(None)
        for polygon in polygons:
            pen.moveTo(polygon[0])
            for point in polygon[1:]:
                pen.lineTo(point)
            pen.closePath()
        name = f"uni{code:04X}"
        order.append(name)
        font["glyf"][name] = pen.glyph()
        font["hmtx"][name] = (advance, 100)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[code] = name
    font.setGlyphOrder(order)
    font.flavor = None
    font.save(target)


if __name__ == "__main__":
    for weight, stem in WEIGHTS.items():
        cut(Path(sys.argv[1]) / f"Inter-{weight}.woff2", Path(__file__).parent / f"Inter-{weight}.ttf", stem)
