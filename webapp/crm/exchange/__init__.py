"""What other systems read and write: the contract's schemas, the feed of events, records under their own keys."""
