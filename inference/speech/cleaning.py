"""What a speech model invents: text for silence and music, phrases from film subtitles, loops."""

from __future__ import annotations

import re
import zlib

# Whisper was trained on subtitles; over noise it writes what subtitle files end with. No caller says these.
SUBTITLE_PHRASES = re.compile(
    r"субтитр|dimatorzok|продолжение следует|спасибо за просмотр|ставьте лайк|подписывайтесь на (мой |наш )?канал"
    r"|редактор субтитров|корректор а\.|amara\.org|subtitles by|thanks? (you )?for watching"
    r"|(like and )?subscribe to (my|our|the) channel|copyright wdr|ondertiteld|untertitel|sous-titr",
    re.IGNORECASE,
)
LETTERS = re.compile(r"\w")
NOISE_MARK = re.compile(r"[\[(*♪][^\])*♪]*[\])*♪]|[♪♫]")
NO_SPEECH_SURE = 0.85
NO_SPEECH_LIKELY = 0.5
LOGPROB_LIKELY = -0.9
LOGPROB_HOPELESS = -1.5
WORD_PROBABILITY_HOPELESS = 0.12
LOOP_RATIO = 2.6
LOOP_CHARACTERS = 60


def is_loop(text: str) -> bool:
    """Tell whether a text repeats itself as only a stuck decoder does."""
    data = text.encode()
    return len(text) >= LOOP_CHARACTERS and len(data) / len(zlib.compress(data)) > LOOP_RATIO


def is_invented(text: str, *, avg_logprob: float, no_speech_prob: float, word_probabilities: list[float]) -> bool:
    """Tell whether a segment is more likely the model's invention than someone's words."""
    bare = NOISE_MARK.sub("", text)
    if not LETTERS.search(bare) or SUBTITLE_PHRASES.search(bare) or is_loop(bare):
        return True
    if avg_logprob < LOGPROB_HOPELESS or no_speech_prob > NO_SPEECH_SURE:
        return True
    if word_probabilities and sum(word_probabilities) / len(word_probabilities) < WORD_PROBABILITY_HOPELESS:
        return True
    return no_speech_prob > NO_SPEECH_LIKELY and avg_logprob < LOGPROB_LIKELY
