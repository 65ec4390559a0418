# The clock: jobs of the maintenance function, called as tasks are.

resource "google_cloud_scheduler_job" "this" {
  for_each = local.jobs

  name             = "${var.prefix}-${each.key}"
  project          = var.project
  region           = var.region
  description      = each.value.description
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "320s"

  # The next minute's run does the same work, so a failed one is not repeated.
  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = local.urls["maintenance"]
    http_method = "POST"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode({ v = 1, lane = "upkeep", payload = { job = each.key } }))

    oidc_token {
      audience              = local.urls["maintenance"]
      service_account_email = google_service_account.caller["scheduler"].email
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
