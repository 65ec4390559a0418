# What is off unless asked for.

mock_provider "google" {}

variables {
  environment = "test"
  google      = { client_id = "1-a.apps.googleusercontent.com" }
  project     = "example-project"
  region      = "europe-west6"
  staff = {
    audience = "slotbridge"
    issuer   = "https://issuer.example"
    jwks_uri = "https://issuer.example/jwks.json"
  }
}

run "off" {
  command = plan

  assert {
    condition = (
      length(google_compute_global_forwarding_rule.this) == 0 &&
      length(google_compute_backend_service.this) == 0 &&
      length(google_identity_platform_config.this) == 0 &&
      length(google_billing_budget.this) == 0 &&
      length(google_monitoring_notification_channel.email) == 0
    )
    error_message = "Optional parts must be off by default."
  }
}

run "custom_domain" {
  command = plan

  variables {
    custom_domain = { name = "api.example.com" }
  }

  assert {
    condition     = output.redirect_uris == ["https://api.example.com/oauth_callback"]
    error_message = "Browsers must be sent to the custom domain."
  }

  assert {
    condition     = output.function_urls["delta_sync"] == "https://europe-west6-example-project.cloudfunctions.net/slotbridge-delta-sync"
    error_message = "Cloud Tasks must reach private functions past the load balancer."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.service_config[0].ingress_settings == (
        local.catalogue.functions[name].access == "public" ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_INTERNAL_ONLY"
      )
    ])
    error_message = "With a load balancer nobody may go around it."
  }

  assert {
    condition = toset(keys(google_compute_backend_service.this)) == toset([
      for name, item in local.catalogue.functions : name if item.access == "public"
    ])
    error_message = "The domain must serve every public function and no private one."
  }
}

run "identity_budget_and_alerts" {
  command = plan

  variables {
    alert_emails      = ["ops@example.com"]
    budget            = { amount = 200, billing_account = "012345-6789AB-CDEF01", project_number = "123456789012" }
    identity_platform = { authorized_domains = ["console.example.com"] }
  }

  assert {
    condition     = google_identity_platform_config.this[0].client[0].permissions[0].disabled_user_signup
    error_message = "Nobody may sign up alone."
  }

  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "200"
    error_message = "The budget must be what was asked for."
  }

  assert {
    condition     = length(google_monitoring_notification_channel.email) == 1
    error_message = "Alerts must be mailed."
  }
}

run "mail" {
  command = plan

  variables {
    front_end = {
      console_url = "https://console.example.com"
      invite_url  = "https://console.example.com/invited"
      manage_url  = "https://book.example.com/manage"
    }
    mail = { sender = "bookings@example.com" }
  }

  assert {
    condition = (
      google_cloudfunctions2_function.this["notify"].service_config[0].environment_variables["MAIL_SENDER"] == "bookings@example.com" &&
      google_cloudfunctions2_function.this["invitations"].service_config[0].environment_variables["MAIL_SENDER"] == "bookings@example.com" &&
      !contains(keys(google_cloudfunctions2_function.this["slots"].service_config[0].environment_variables), "MAIL_SENDER")
    )
    error_message = "Only the functions that send and promise mails must know from whom."
  }
}
