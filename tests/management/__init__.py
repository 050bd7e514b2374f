"""The back office over a socket."""
