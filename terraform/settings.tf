# The settings of the functions: every name that the code reads, by the groups of settings.json.

locals {
  _required = {
    # The front end appends the caller's address, and a load balancer its own behind that.
    CLIENT_HOPS               = var.custom_domain == null ? "1" : "2"
    CONSOLE_ORIGINS           = join(",", var.front_end.console_origins)
    CONSOLE_URL               = var.front_end.console_url
    FIRESTORE_DATABASE        = var.firestore.database
    GOOGLE_CLIENT_ID          = var.google.client_id
    GOOGLE_CLOUD_PROJECT      = var.project
    GOOGLE_PROJECT_PER_MINUTE = tostring(var.google.project_per_minute)
    GOOGLE_USER_PER_MINUTE    = tostring(var.google.user_per_minute)
    INVITE_URL                = var.front_end.invite_url
    MAIL_SENDER               = try(var.mail.sender, "")
    MAIL_TRANSPORT            = try(var.mail.transport, "")
    MANAGE_URL                = var.front_end.manage_url
    MICROSOFT_CLIENT_ID       = try(var.microsoft.client_id, "")
    PUBLIC_BASE_URL           = local.public_base_url
    QUEUE_NAMES = jsonencode({
      for lane, queue in google_cloud_tasks_queue.this : lane => queue.name
    })
    SCHEDULER_SERVICE_ACCOUNT = local._callers.scheduler
    SES_REGION                = try(var.mail.ses_region, "")
    SMTP_HOST                 = try(var.mail.smtp_host, "")
    SMTP_PORT                 = try(tostring(var.mail.smtp_port), "")
    SMTP_SECURITY             = try(var.mail.smtp_security, "")
    SMTP_USER                 = try(var.mail.smtp_user, "")
    STAFF_ISSUERS             = length(var.staff.more) > 0 ? jsonencode(var.staff.more) : ""
    STAFF_TOKEN_AUDIENCE      = var.staff.audience
    STAFF_TOKEN_ISSUER        = var.staff.issuer
    STAFF_TOKEN_JWKS_URI      = var.staff.jwks_uri
    TASKS_LOCATION            = var.region
    TASKS_SERVICE_ACCOUNT     = local._callers.tasks
  }
  _addresses = {
    for name, url in local.public_urls : "FUNCTION_URL_${upper(name)}" => url
  }
  _values = merge(local._required, var.settings)

  environments = {
    for name, item in local.functions : name => merge(
      local._addresses,
      {
        for setting in flatten([for group in item.settings : local.settings.groups[group]]) :
        setting => local._values[setting] if try(length(local._values[setting]) > 0, false)
      },
      # How many requests the framework's server takes at a time: what the platform sends it.
      { THREADS = tostring(item.concurrency), WORKERS = "1" },
    )
  }

  # A secret without a version is not mounted: the function then says so, instead of failing to start.
  mounts = {
    for name, item in local.functions : name => {
      for secret in item.secrets : secret => secret if contains(keys(var.secret_versions), secret)
    }
  }
}
