"""The assistant: answers from records that the asker may open, each claim with its source."""
