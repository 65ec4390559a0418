# Optional: the public functions below one domain, behind a load balancer with Cloud Armor.

locals {
  _domain = var.custom_domain == null ? {} : { this = var.custom_domain }
  _served = {
    for name, item in local.functions : name => item if var.custom_domain != null && !item.private
  }
}

resource "google_compute_global_address" "this" {
  count = length(local._domain)

  name    = "${var.prefix}-api"
  project = var.project

  depends_on = [google_project_service.this]
}

resource "google_compute_managed_ssl_certificate" "this" {
  for_each = local._domain

  name    = "${var.prefix}-api"
  project = var.project

  managed {
    domains = [each.value.name]
  }

  depends_on = [google_project_service.this]
}

resource "google_compute_ssl_policy" "this" {
  for_each = local._domain

  name            = "${var.prefix}-api"
  project         = var.project
  min_tls_version = "TLS_1_2"
  profile         = "MODERN"

  depends_on = [google_project_service.this]
}

resource "google_compute_security_policy" "this" {
  for_each = local._domain

  name        = "${var.prefix}-api"
  project     = var.project
  description = "Limits each address, and refuses what Google's rules know as attacks"

  rule {
    action      = "deny(403)"
    description = "Known exploits of logging libraries (CVE-2021-44228)"
    priority    = 100

    match {
      expr {
        expression = "evaluatePreconfiguredWaf('cve-canary')"
      }
    }
  }

  rule {
    action      = "throttle"
    description = "So many requests a minute from one address"
    priority    = 1000

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = each.value.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "allow"
    description = "Everybody else"
    priority    = 2147483647

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local._served

  name                  = each.value.cloud_name
  project               = var.project
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloudfunctions2_function.this[each.key].name
  }
}

resource "google_compute_backend_service" "this" {
  for_each = local._served

  name                  = each.value.cloud_name
  project               = var.project
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = one(values(google_compute_security_policy.this)).id

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "this" {
  for_each = local._domain

  name            = "${var.prefix}-api"
  project         = var.project
  default_service = google_compute_backend_service.this["slots"].id

  host_rule {
    hosts        = [each.value.name]
    path_matcher = "functions"
  }

  path_matcher {
    name            = "functions"
    default_service = google_compute_backend_service.this["slots"].id

    # A function knows its own paths alone, so its name is cut off.
    dynamic "path_rule" {
      for_each = local._served
      content {
        paths   = ["/${path_rule.key}", "/${path_rule.key}/*"]
        service = google_compute_backend_service.this[path_rule.key].id

        route_action {
          url_rewrite {
            path_prefix_rewrite = "/"
          }
        }
      }
    }
  }
}

resource "google_compute_target_https_proxy" "this" {
  for_each = local._domain

  name             = "${var.prefix}-api"
  project          = var.project
  ssl_certificates = [google_compute_managed_ssl_certificate.this[each.key].id]
  ssl_policy       = google_compute_ssl_policy.this[each.key].id
  url_map          = google_compute_url_map.this[each.key].id
}

resource "google_compute_global_forwarding_rule" "this" {
  for_each = local._domain

  name                  = "${var.prefix}-api"
  project               = var.project
  ip_address            = one(google_compute_global_address.this[*].id)
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[each.key].id
}
