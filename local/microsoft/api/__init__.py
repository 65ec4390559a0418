"""Graph's HTTP side: routes, request checks, limits, paging and batches."""
