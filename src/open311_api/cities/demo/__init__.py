"""Brindleford, the demo city: a town that does not exist, with two years of reports that nobody sent."""
