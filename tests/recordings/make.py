"""Voice the dialogues in two channels, as a telephone switch records them: client left, colleague right.

Needs Debian's festival with festvox-us-slt-hts, festvox-kallpc16k and festvox-ru, and ffmpeg with libopus. The files
are small and kept in the repository, so that nobody needs the voices to run the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RATE = 16000
PAUSE_SECONDS = 0.35
VOICES = {
    ("en", "client"): "(voice_kal_diphone)",
    ("en", "colleague"): "(voice_cmu_us_slt_arctic_hts)",
    ("ru", "client"): "(voice_msu_ru_nsh_clunits)",
    ("ru", "colleague"): "(voice_msu_ru_nsh_clunits)",
}
# One Russian voice is packaged: the colleague speaks it a little higher.
PITCH = {("ru", "colleague"): 1.12}


def speak(language: str, speaker: str, text: str, folder: Path) -> bytes:
    """The samples (16-bit mono, 16 kHz) of one line."""
    raw, ready = folder / "raw.wav", folder / "ready.wav"
    voice = VOICES[(language, speaker)]
    subprocess.run(["text2wave", "-eval", voice, "-o", raw], input=text.encode(), check=True)
    factor = PITCH.get((language, speaker), 1.0)
    shift = f"asetrate=16000*{factor},aresample=16000,atempo={1 / factor:.4f}," if factor != 1.0 else ""
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", raw, "-af", f"{shift}aresample={RATE}", "-ac", "1", ready]
    subprocess.run(command, check=True)
    with wave.open(str(ready)) as stream:
        return stream.readframes(stream.getnframes())


def make(dialogue: dict, target: Path) -> float:
    """Write one dialogue as two-channel Opus at telephone bandwidth; answers its length in seconds."""
    silence = b"\0\0" * int(RATE * PAUSE_SECONDS)
    channels: dict[str, list[bytes]] = {"client": [], "colleague": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for speaker, text in dialogue["lines"]:
            samples = speak(dialogue["language"], speaker, text, folder) + silence
            for who, parts in channels.items():
                parts.append(samples if who == speaker else b"\0" * len(samples))
        left, right = (b"".join(channels[who]) for who in ("client", "colleague"))
        mixed = bytearray(len(left) * 2)
        for offset in (0, 1):
            mixed[offset::4] = left[offset::2]
            mixed[offset + 2 :: 4] = right[offset::2]
        stereo = folder / "stereo.wav"
        with wave.open(str(stereo), "wb") as stream:
            stream.setnchannels(2)
            stream.setsampwidth(2)
            stream.setframerate(RATE)
            stream.writeframes(bytes(mixed))
        phone = "highpass=f=200,lowpass=f=3600"
        options = ["-af", phone, "-c:a", "libopus", "-b:a", "32k", "-bitexact", "-map_metadata", "-1"]
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-i", stereo, *options, target], check=True)
    return len(left) / 2 / RATE


def main() -> None:
    """Make every file named in dialogues.json."""
    for dialogue in json.loads((FOLDER / "dialogues.json").read_text()):
        target = FOLDER / dialogue["file"]
        seconds = make(dialogue, target)
        sys.stdout.write(f"{target.name}: {seconds:.1f} s, {target.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
