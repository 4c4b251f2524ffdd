"""The append-only, hash-chained audit: who did what to which record, for people, jobs, tokens and models alike."""
