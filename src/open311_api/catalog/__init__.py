"""What can be reported, where, and who answers."""
