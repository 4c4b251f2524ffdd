"""From a transcribed call to a card: who called, what they want, and what was promised."""
