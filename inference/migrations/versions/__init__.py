"""One file a step; each adds, moves or drops, never all at once."""
