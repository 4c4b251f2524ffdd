"""Recognises text that speaks to a machine instead of to a person."""

import re

from inference.text.tokens import normal

_PATTERNS = (
    r"(?:ignore|disregard|forget|override)\b.{0,40}\b(?:rules?|instructions?|prompts?|guidelines|everything)",
    r"\b(?:mark|set|close|flag)\b.{0,20}\b(?:deal|opportunity|lead)\b.{0,20}\b(?:as )?(?:won|lost|closed)",
    (
        r"\b(?:set|write|put|change|fill)\b.{0,15}\b(?:budget|quantity|sentiment|"
        r"intent|field)\b.{0,6}\b(?:to|as|field)\b"
    ),
    r"\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|bot|system)\b",
    r"\b(?:system|assistant|developer) ?(?:prompt|message|note|instruction)\b",
    r"^\W*(?:system|assistant|developer)\s*:",
    r"\b(?:output|return|respond with|reply with)\b.{0,20}\b(?:json|field|value)\b",
    r"\b(?:ai|crm) ?(?:assistant|system|model)\b.{0,20}\b(?:must|should|please|record|write|set|mark)\b",
    (
        r"(?:игнорируй\w*|забудь\w*|отмени\w*|не обращай\w* внимания на|проигнорируй\w*)\b.{0,40}"
        r"\b(?:правил\w*|инструкци\w*|указани\w*|команд\w*|все,? что)"
    ),
    r"\b(?:отметь|отметьте|пометь|пометьте|закрой|закройте)\b.{0,15}\bсделк\w+",
    r"\bсделк\w+\b.{0,15}\b(?:выигран\w*|закрыт\w*|успешн\w*)\b",
    (
        r"\b(?:поставь|установи|запиши|укажи|измени)\w*\b.{0,15}\b(?:бюджет|количество|"
        r"настроени\w+|поле|тональност\w+)\b"
    ),
    r"\bты (?:теперь )?(?:ии|ассистент|языковая модель|бот|робот|система)\b",
    r"\b(?:искусственный интеллект|языковая модель|нейросет\w+)\b.{0,30}\b(?:долж\w+|запиши\w*|отметь\w*|укажи\w*)",
    r"\b(?:системн\w+ (?:сообщени\w+|инструкци\w+|промпт\w*))",
)
INSTRUCTION = re.compile("|".join(_PATTERNS))


def is_instruction(sentence: str) -> bool:
    """Whether a sentence tells a model or the CRM what to do; such words are evidence of nothing."""
    return INSTRUCTION.search(normal(sentence)) is not None
