# Optional: sign-in for staff by Identity Platform.

resource "google_identity_platform_config" "this" {
  count = var.identity_platform == null ? 0 : 1

  project            = var.project
  authorized_domains = var.identity_platform.authorized_domains

  # Staff are invited by their owner; nobody signs up alone.
  client {
    permissions {
      disabled_user_deletion = true
      disabled_user_signup   = true
    }
  }

  sign_in {
    allow_duplicate_emails = false

    email {
      enabled           = true
      password_required = true
    }
  }

  depends_on = [google_project_service.this]
}
