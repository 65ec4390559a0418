"""What several capabilities share: tasks, paging, preconditions, rate limits, outside addresses."""
