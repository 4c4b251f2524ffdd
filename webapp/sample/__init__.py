"""The sample company: a seeded generator of believable clients, deals and communications."""
