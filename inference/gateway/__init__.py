"""The one door to every model: keys, policy, prompts, validation of answers, and the log of every run."""
