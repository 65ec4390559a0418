"""Shared by both simulated providers: push queue, scripted faults, control API, HTTP server, command line."""
