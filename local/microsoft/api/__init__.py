"""The HTTP side of Graph: which handler answers, request checks, throttling, query options and batches."""
