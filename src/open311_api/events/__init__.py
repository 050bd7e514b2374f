"""What happened, in order: history, change feed and webhooks read it."""
