"""The conformance suite: whether a server offers what the contract promises, asked from outside over HTTP."""
