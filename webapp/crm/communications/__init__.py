"""Communications: calls, e-mails, messages, meetings, notes; recordings and transcripts."""
