"""The groups of the ``open311`` command; heavy imports happen inside each command, so that --help is quick."""
