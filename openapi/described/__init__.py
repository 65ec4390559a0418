"""What each function answers, one module a function: the models of its answers, and its operations."""
