"""The HTTP side of the Calendar API: which method answers, request checks, quotas, paging and batches."""
