"""Letters: Russian words in Latin script, and letters that are spelled one by one."""

_PAIRS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya",
}  # fmt: skip
_NAMES = {
    "эй": "a", "би": "b", "бэ": "b", "вэ": "v", "си": "c", "ди": "d", "дэ": "d", "эф": "f", "джи": "g", "гэ": "g",
    "ха": "h", "аш": "h", "ай": "i", "джей": "j", "кей": "k", "ка": "k", "эль": "l", "эл": "l", "эм": "m",
    "эн": "n", "пэ": "p", "пи": "p", "кью": "q", "эр": "r", "эс": "s", "тэ": "t", "ти": "t", "ви": "v",
    "икс": "x", "игрек": "y", "зет": "z", "зэт": "z", "дабл": "w",
}  # fmt: skip

# How the parts of addresses are said in Russian.
DOMAIN_WORDS = {
    "ру": "ru", "ком": "com", "орг": "org", "нет": "net", "инфо": "info", "мэйл": "mail", "мейл": "mail",
    "майл": "mail", "маил": "mail", "меил": "mail", "мэил": "mail", "яндекс": "yandex", "джимейл": "gmail",
    "джимэйл": "gmail", "гмейл": "gmail", "гмайл": "gmail", "жмейл": "gmail", "рамблер": "rambler", "бк": "bk",
    "инбокс": "inbox", "лист": "list", "аутлук": "outlook", "хотмейл": "hotmail", "офис": "office",
    "сейлс": "sales", "сапорт": "support", "админ": "admin", "рф": "рф", "компани": "company", "груп": "group",
    "групп": "group", "закупки": "zakupki", "снаб": "snab", "ио": "io", "про": "pro",
}  # fmt: skip


def latin(word: str) -> str:
    """A Russian word as people write it in addresses."""
    return "".join(_PAIRS.get(letter, letter) for letter in word.lower())


def spelled(word: str) -> str | None:
    """The Latin letter that a word names, or None when it is a word in its own right."""
    if len(word) == 1 and word.isalpha():
        return latin(word)
    return _NAMES.get(word)
