"""What both faces share."""
