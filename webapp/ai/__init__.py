"""AI without CRM words: the gateway client, proposals, search."""
