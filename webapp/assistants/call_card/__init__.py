"""The call card: what a recorded call says becomes proposals, and accepted proposals become records."""
