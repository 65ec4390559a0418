"""Describes the functions, one module for each: its operations and the models of its answers."""
