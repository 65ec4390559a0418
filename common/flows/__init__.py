"""One file a flow: what happens for one command, top to bottom."""
