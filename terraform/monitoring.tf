# What is measured, shown, and reported: the metrics come from the events that the code logs.

locals {
  _channels       = values(google_monitoring_notification_channel.email)[*].id
  _public_ingress = var.custom_domain == null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"
  _metric_types = {
    for name, metric in google_logging_metric.this : name => "logging.googleapis.com/user/${metric.name}"
  }
  _aligners = { for name, alert in local.signals.alerts : name => (
    try(alert.percentile, null) == null ? "ALIGN_DELTA" : "ALIGN_PERCENTILE_${alert.percentile}"
  ) }
  _tiles = [
    for index, name in sort(keys(local.signals.metrics)) : {
      height = 16
      width  = 16
      xPos   = (index % 3) * 16
      yPos   = floor(index / 3) * 16
      widget = {
        title = local.signals.metrics[name].description
        xyChart = {
          dataSets = [{
            plotType = try(local.signals.metrics[name].value, null) == null ? "STACKED_BAR" : "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = "metric.type=\"${local._metric_types[name]}\" resource.type=\"cloud_run_revision\""
                aggregation = merge(
                  { alignmentPeriod = "300s" },
                  try(local.signals.metrics[name].value, null) == null
                  ? {
                    perSeriesAligner   = "ALIGN_DELTA"
                    crossSeriesReducer = "REDUCE_SUM"
                    groupByFields      = [for label in slice(local.signals.metrics[name].labels, 0, min(1, length(local.signals.metrics[name].labels))) : "metric.labels.${label}"]
                  }
                  : {
                    perSeriesAligner   = "ALIGN_PERCENTILE_95"
                    crossSeriesReducer = "REDUCE_MAX"
                    groupByFields      = [for label in slice(local.signals.metrics[name].labels, 0, min(1, length(local.signals.metrics[name].labels))) : "metric.labels.${label}"]
                  },
                )
              }
            }
          }]
        }
      }
    }
  ]
}

resource "google_logging_metric" "this" {
  for_each = local.signals.metrics

  name        = "${var.prefix}/${each.key}"
  project     = var.project
  description = each.value.description
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=~\"^${var.prefix}-\"",
    "jsonPayload.message=\"${each.value.event}\"",
  ])
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }
  value_extractor  = try("EXTRACT(jsonPayload.${each.value.value})", null)

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = try(each.value.value, null) == null ? "INT64" : "DISTRIBUTION"
    unit        = try(each.value.unit, "1")

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  dynamic "bucket_options" {
    for_each = try(each.value.value, null) == null ? [] : [1]
    content {
      exponential_buckets {
        growth_factor      = 1.5
        num_finite_buckets = 32
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  project      = var.project
  display_name = "Slotbridge alerts to ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "signal" {
  for_each = local.signals.alerts

  project               = var.project
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = each.value.severity

  conditions {
    display_name = each.value.title

    condition_threshold {
      comparison      = "COMPARISON_GT"
      duration        = "${each.value.for_seconds}s"
      threshold_value = each.value.above
      filter = join(" AND ", compact([
        "metric.type=\"${local._metric_types[each.value.metric]}\"",
        "resource.type=\"cloud_run_revision\"",
        try(each.value.where, ""),
      ]))

      aggregations {
        alignment_period     = "${each.value.window_seconds}s"
        cross_series_reducer = try(each.value.percentile, null) == null ? "REDUCE_SUM" : "REDUCE_MAX"
        per_series_aligner   = local._aligners[each.key]
      }
    }
  }

  documentation {
    content   = "See `docs/runbook.md`, section `${each.key}`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "upkeep_silent" {
  project               = var.project
  display_name          = "${var.prefix}: Upkeep does not run"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "CRITICAL"

  conditions {
    display_name = "No maintenance job ran for ten minutes"

    condition_absent {
      duration = "600s"
      filter   = "metric.type=\"${local._metric_types["upkeep"]}\" AND resource.type=\"cloud_run_revision\""

      aggregations {
        alignment_period     = "60s"
        cross_series_reducer = "REDUCE_SUM"
        per_series_aligner   = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content   = "See `docs/runbook.md`, section `upkeep_silent`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "queue_depth" {
  project               = var.project
  display_name          = "${var.prefix}: Live work waits in its queue"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "ERROR"

  dynamic "conditions" {
    for_each = toset(["live", "sync"])
    content {
      display_name = "The queue ${conditions.key} is long"

      condition_threshold {
        comparison      = "COMPARISON_GT"
        duration        = "900s"
        threshold_value = 1000
        filter = join(" AND ", [
          "metric.type=\"cloudtasks.googleapis.com/queue/depth\"",
          "resource.type=\"cloud_tasks_queue\"",
          "resource.labels.queue_id=\"${google_cloud_tasks_queue.this[conditions.key].name}\"",
        ])

        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    content   = "See `docs/runbook.md`, section `queue_depth`."
    mime_type = "text/markdown"
  }
}

# A question without parameters is refused before anything is read, so the check costs next to nothing.
resource "google_monitoring_uptime_check_config" "slots" {
  project          = var.project
  display_name     = "${var.prefix} slots"
  period           = "300s"
  timeout          = "10s"
  selected_regions = ["EUROPE", "USA_VIRGINIA", "ASIA_PACIFIC"]

  http_check {
    path         = local._uptime_path
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_value = 400
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      host       = local._uptime_host
      project_id = var.project
    }
  }

  depends_on = [google_project_service.this]
}

locals {
  _uptime_host = split("/", trimprefix(local.public_urls["slots"], "https://"))[0]
  _uptime_path = "/${join("/", slice(split("/", trimprefix(local.public_urls["slots"], "https://")), 1, 2))}"
}

resource "google_monitoring_alert_policy" "unreachable" {
  project               = var.project
  display_name          = "${var.prefix}: Slots cannot be reached"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "CRITICAL"

  conditions {
    display_name = "The uptime check fails"

    condition_threshold {
      comparison      = "COMPARISON_GT"
      duration        = "300s"
      threshold_value = 1
      filter = join(" AND ", [
        "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
        "resource.type=\"uptime_url\"",
        "metric.labels.check_id=\"${google_monitoring_uptime_check_config.slots.uptime_check_id}\"",
      ])

      aggregations {
        alignment_period     = "600s"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
        per_series_aligner   = "ALIGN_NEXT_OLDER"
      }
    }
  }

  documentation {
    content   = "See `docs/runbook.md`, section `unreachable`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_dashboard" "this" {
  project = var.project
  dashboard_json = jsonencode({
    displayName  = "Slotbridge (${var.prefix})"
    mosaicLayout = { columns = 48, tiles = local._tiles }
  })

  depends_on = [google_project_service.this]
}

resource "google_billing_budget" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "${var.prefix} in ${var.project}"

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(var.budget.amount)
    }
  }

  budget_filter {
    projects = ["projects/${var.budget.project_number}"]
  }

  dynamic "threshold_rules" {
    for_each = toset(["0.5", "0.9", "1.0"])
    content {
      threshold_percent = tonumber(threshold_rules.key)
    }
  }

  all_updates_rule {
    monitoring_notification_channels = local._channels
  }

  depends_on = [google_project_service.this]
}
