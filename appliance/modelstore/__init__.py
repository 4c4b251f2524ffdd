"""Model weights: where they come from, what they must be, where they lie."""
