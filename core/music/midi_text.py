"""Texts of MIDI files, which don't say how they are encoded: UTF-8, else what fits all the texts of a file best.

Each encoding that can hold the bytes is judged by what it makes of them: letters of one script, in words as they are
written, speak for it; symbols, rare characters and capitals inside words against it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

_ENCODINGS = (
    "cp1252",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
    "cp1251",
    "koi8_r",
    "cp866",
    "cp1250",
    "cp1253",
    "mac_roman",
)
"""In order of how common they are: the first of equals is taken."""
_MOST_JUDGED = 4096
"""Bytes that are looked at: enough to tell."""
_COMMON_HANZI = frozenset(
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切故律旋歌曲声部吉他钢琴弦鼓贝斯笛号长短左右手低音伴奏和主乐"
)
_OF_KANA = ("cp932", "euc_jp")
_EASTERN = ("kana", "hangul", "hanzi")


def decoded(content: bytes, encoding: str) -> str:
    """A text for people: without the control characters, but for breaks of lines, and the zeros that fill it up."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text if text.isprintable() else "".join(sign for sign in text if sign in "\n\r\t" or not _is_control(sign))


def as_name(text: str) -> str:
    """A text that has to fit a line."""
    return text if text.isprintable() else "".join(sign for sign in text if not _is_control(sign))


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) == "Cc"


def encoding_of(texts: Iterable[bytes]) -> str:
    """The encoding of all the texts of a file."""
    odd = tuple(dict.fromkeys(text for text in texts if not text.isascii()))
    if not odd or _holds(odd, "utf-8"):
        return "utf-8"
    return _likeliest(odd)


@cache
def _likeliest(texts: tuple[bytes, ...]) -> str:
    judged: list[bytes] = []
    size = 0
    for text in texts:
        judged.append(text)
        size += len(text)
        if size > _MOST_JUDGED:
            break
    fitting = [encoding for encoding in _ENCODINGS if _holds(judged, encoding)]
    # What the encodings of one byte a letter leave undefined is Latin-1 all the same.
    return max(fitting, key=lambda encoding: _likeness(judged, encoding), default="latin-1")


def _holds(texts: Sequence[bytes], encoding: str) -> bool:
    try:
        for text in texts:
            text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _likeness(texts: Sequence[bytes], encoding: str) -> float:
    """Up to 1: how much the texts look like words in an encoding; of its characters beyond ASCII, each one's share."""
    worth = count = 0.0
    for text in texts:
        signs = text.decode(encoding)
        for place, sign in enumerate(signs):
            if sign > "\x7f":
                before = signs[place - 1] if place else " "
                after = signs[place + 1] if place + 1 < len(signs) else " "
                worth += _worth(sign, before, after, encoding)
                count += 1
    return worth / count


def _worth(sign: str, before: str, after: str, encoding: str) -> float:
    category = unicodedata.category(sign)
    if category in ("Cc", "Cn", "Co", "Cs"):
        return -3.0
    script = _script(sign)
    if script in _EASTERN:
        # Any two high bytes are some character: it is the common ones, and company, that speak for themselves.
        beside = [_script(other) for other in (before, after)]
        worth = {"kana": 1.0, "hangul": 0.85, "hanzi": 0.9 if sign in _COMMON_HANZI else 0.45}[script]
        if script == "kana" and (encoding not in _OF_KANA or "\uff61" <= sign <= "\uff9f"):
            worth = 0.3  # where there are other kana, or of half width
        company = ("hangul",) if script == "hangul" else ("kana", "hanzi")
        strange = sum(other in _EASTERN and other not in company for other in beside)
        return worth + 0.05 * any(other in company for other in beside) - 0.3 * strange - 0.8 * beside.count("latin")
    if category[0] == "L":
        return _worth_of_letter(sign, before, after, script, encoding)
    if sign in "’‘“”–—…©®°·«»、。・「」『』（）！？：～ー　，":
        return 0.5 if encoding != "mac_roman" or sign in "’‘“”–—…©®" else -0.5
    return -0.8


def _worth_of_letter(sign: str, before: str, after: str, script: str, encoding: str) -> float:
    neighbours = [other for other in (before, after) if other.isalpha()]
    if sign.isupper() and before.islower():
        return -0.6  # a capital inside a word
    if sign.islower() and before.isupper() and after.isupper():
        return -0.6
    strange = sum(_script(other) != script for other in neighbours)
    if script == "latin":
        # Accents are rare: beside each other they are mostly letters of another script.
        accented = sum(other > "\x7f" for other in neighbours)
        rare = 0.0 if unicodedata.decomposition(sign) or sign in "ßøØæÆœŒłŁđĐı" else 0.5
        penalty = {"cp1252": 0.0, "mac_roman": 0.25}.get(encoding, 0.1)
        return 0.9 - 0.4 * accented - 0.8 * strange - rare - penalty
    if script in ("cyrillic", "greek"):
        company = sum(_script(other) == script for other in neighbours)
        return (0.9 if company else 0.2) - 0.8 * strange
    return -0.3


def _script(sign: str) -> str:
    code = ord(sign)
    if code < 0x250:
        return "latin" if sign.isalpha() else ""
    if 0x370 <= code < 0x400:
        return "greek"
    if 0x400 <= code < 0x530:
        return "cyrillic" if code < 0x460 else ""
    if 0x3040 <= code < 0x3100 or 0xFF66 <= code <= 0xFF9F:
        return "kana"
    if 0x4E00 <= code < 0xA000:
        return "hanzi"
    return "hangul" if 0xAC00 <= code < 0xD7A4 else ""
