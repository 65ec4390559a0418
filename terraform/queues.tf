# The lanes of delayed work: live work never waits behind a back-fill.

locals {
  # A queue's share of the provider's quota, within what Cloud Tasks dispatches from one queue.
  _rates = {
    for lane, queue in local.queues :
    lane => max(1, min(500, floor(queue.share * var.google.project_per_minute / 60)))
  }
}

resource "google_cloud_tasks_queue" "this" {
  for_each = local.queues

  name     = "${var.prefix}-${each.key}"
  project  = var.project
  location = var.region

  rate_limits {
    max_concurrent_dispatches = each.value.concurrency
    max_dispatches_per_second = local._rates[each.key]
  }

  # Never given up by the queue, which keeps no record: the functions bury what keeps failing, readably.
  retry_config {
    max_attempts       = -1
    max_backoff        = "${each.value.max_backoff}s"
    max_doublings      = 5
    max_retry_duration = "0s"
    min_backoff        = "${each.value.min_backoff}s"
  }

  stackdriver_logging_config {
    sampling_ratio = var.queue_log_share
  }

  depends_on = [google_project_service.this]

  # A deleted queue's name cannot be used again for days.
  lifecycle {
    prevent_destroy = true
  }
}
