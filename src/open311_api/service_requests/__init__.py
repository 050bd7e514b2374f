"""A resident's report and its life."""
