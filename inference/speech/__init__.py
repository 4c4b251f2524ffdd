"""From a recording to words with times: decoding, recognition, what to drop, and whose turn it was."""
