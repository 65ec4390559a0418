variable "alert_emails" {
  description = "Where alerts are sent. Without any, alerts are only seen in the console."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alert_emails must be e-mail addresses, such as \"ops@example.com\"."
  }
}

variable "budget" {
  description = "A monthly budget with alerts at 50, 90 and 100 %. The billing account is \"XXXXXX-XXXXXX-XXXXXX\"."
  type = object({
    amount          = number
    billing_account = string
    project_number  = string
    currency        = optional(string, "USD")
  })
  default = null

  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount must be a whole number of at least 1, in units of the currency."
  }
  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account must have the form XXXXXX-XXXXXX-XXXXXX; `gcloud billing accounts list` shows it."
  }
  validation {
    condition     = var.budget == null || can(regex("^[0-9]+$", var.budget.project_number))
    error_message = "budget.project_number must be the project's number, not its id."
  }
}

variable "custom_domain" {
  description = "Serves the public functions below one domain, through a load balancer with Cloud Armor."
  type = object({
    name                = string
    requests_per_minute = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.custom_domain.name))
    error_message = "custom_domain.name must be a bare domain name in lower case, such as \"api.example.com\"."
  }
  validation {
    condition     = var.custom_domain == null || try(var.custom_domain.requests_per_minute >= 60, false)
    error_message = "custom_domain.requests_per_minute must be at least 60: providers push from few addresses."
  }
}

variable "environment" {
  description = "What this installation is for; a label on everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment))
    error_message = "environment must be a short word in lower case, such as \"dev\" or \"prod\"."
  }
}

variable "firestore" {
  description = "The database: its name, its place (the region unless given), how long daily backups are kept, and whether it is protected from deletion."
  type = object({
    backup_days       = optional(number, 14)
    database          = optional(string, "(default)")
    delete_protection = optional(bool, true)
    location          = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.firestore.backup_days >= 1 && var.firestore.backup_days <= 98
    error_message = "firestore.backup_days must be between 1 and 98, which is the longest that Firestore keeps a backup."
  }
  validation {
    condition     = can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.firestore.database))
    error_message = "firestore.database must be \"(default)\" or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "front_end" {
  description = "The web pages: the origins of the staff console, and the pages that mails and events lead to: the console, an invitation, a customer's booking. With mail all three pages are needed."
  type = object({
    console_origins = optional(list(string), [])
    console_url     = optional(string, "")
    invite_url      = optional(string, "")
    manage_url      = optional(string, "")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for origin in var.front_end.console_origins : can(regex("^https://[^/,\\s]+$", origin))])
    error_message = "front_end.console_origins must be origins as browsers send them: https://, a host, and no slash at the end."
  }
  validation {
    condition = alltrue([
      for url in [var.front_end.console_url, var.front_end.invite_url, var.front_end.manage_url] :
      url == "" || can(regex("^https://[^\\s/?#]", url)) && !can(regex("^https://([^/?#]*@)?(([^/?#]*\\.)?localhost|127\\.[0-9.]+|0\\.0\\.0\\.0|10\\.[0-9.]+|192\\.168\\.[0-9.]+|\\[[^]]*\\])\\.?([:/?#]|$)", url))
    ])
    error_message = "front_end.console_url, invite_url and manage_url must begin with https:// and be addresses that others can open: localhost and private addresses are for one machine only."
  }
}

variable "google" {
  description = "The Google OAuth client, and the Calendar API's quotas of this project as its console shows them."
  type = object({
    client_id          = string
    project_per_minute = optional(number, 10000)
    user_per_minute    = optional(number, 600)
  })

  validation {
    condition     = can(regex("^[0-9a-z-]+\\.apps\\.googleusercontent\\.com$", var.google.client_id))
    error_message = "google.client_id must be an OAuth client's id, which ends in .apps.googleusercontent.com."
  }
  validation {
    condition     = var.google.project_per_minute >= 60 && var.google.user_per_minute >= 60
    error_message = "google.project_per_minute and google.user_per_minute must be at least 60."
  }
}

variable "identity_platform" {
  description = "Sign-in for staff by Identity Platform, with these domains allowed to use it."
  type = object({
    authorized_domains = list(string)
  })
  default = null

  validation {
    condition     = var.identity_platform == null || try(length(var.identity_platform.authorized_domains) > 0, false)
    error_message = "identity_platform.authorized_domains must name the staff console's domain."
  }
}

variable "ingress" {
  description = "From where the private functions may be called, besides needing a token. Cloud Tasks and Cloud Scheduler of the same project count as internal."
  type = object({
    private = optional(string, "ALLOW_INTERNAL_ONLY")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY"], var.ingress.private)
    error_message = "ingress.private must be ALLOW_INTERNAL_ONLY or ALLOW_ALL."
  }
}

variable "mail" {
  description = "How mails are sent: through Amazon SES with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or through a mail server with SMTP_PASSWORD. Without it no mail is sent."
  type = object({
    sender        = string
    ses_region    = optional(string, "eu-central-1")
    smtp_host     = optional(string)
    smtp_port     = optional(number, 587)
    smtp_security = optional(string, "starttls")
    smtp_user     = optional(string)
    transport     = optional(string, "ses")
  })
  default = null

  validation {
    condition     = var.mail == null || can(regex("@[^@\\s]+\\.[^@\\s]+$", var.mail.sender))
    error_message = "mail.sender must be the address that mails come from, such as \"bookings@example.com\"."
  }
  validation {
    condition     = var.mail == null || (try(contains(["ses", "smtp"], var.mail.transport), false) && (try(var.mail.transport == "ses", false) || try(length(var.mail.smtp_host) > 0, false)))
    error_message = "mail.transport must be ses, or smtp together with smtp_host."
  }
  validation {
    condition = var.mail == null || alltrue([
      for url in [var.front_end.console_url, var.front_end.invite_url, var.front_end.manage_url] : url != ""
    ])
    error_message = "mail needs front_end.console_url, front_end.invite_url and front_end.manage_url: the pages that mails lead to."
  }
  validation {
    condition     = var.mail == null || try(contains(["none", "starttls", "tls"], var.mail.smtp_security), false)
    error_message = "mail.smtp_security must be starttls, tls or none."
  }
}

variable "microsoft" {
  description = "The app registration at Microsoft Entra. Without it Microsoft's calendars are not offered."
  type        = object({ client_id = string })
  default     = null

  validation {
    condition     = var.microsoft == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.microsoft.client_id))
    error_message = "microsoft.client_id must be the Application (client) ID of the app registration, a UUID in lower case."
  }
}

variable "prefix" {
  description = "Begins every name, so that two installations fit into one project."
  type        = string
  default     = "slotbridge"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 14 lower-case letters, digits and hyphens, beginning with a letter: service accounts' names are limited to 30."
  }
}

variable "project" {
  description = "The id of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id (6 to 30 lower-case letters, digits and hyphens), not its number or name."
  }
}

variable "queue_log_share" {
  description = "The share of task operations that Cloud Tasks logs, from 0 to 1."
  type        = number
  default     = 0.01
  nullable    = false

  validation {
    condition     = var.queue_log_share >= 0 && var.queue_log_share <= 1
    error_message = "queue_log_share must be between 0 and 1."
  }
}

variable "region" {
  description = "The region of functions, queues and, unless told otherwise, the database."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]$", var.region))
    error_message = "region must be a region such as \"europe-west6\", not a zone or a multi-region."
  }
}

variable "scaling" {
  description = "Other numbers than those of functions.json, by function: instances that are kept, most instances, memory in MiB."
  type = map(object({
    max_instances = optional(number)
    memory_mib    = optional(number)
    min_instances = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.scaling) : contains(keys(jsondecode(file("${path.module}/functions.json")).functions), name)])
    error_message = "scaling must be given by names of functions as in functions.json, such as webhook_google."
  }
  validation {
    condition = alltrue([
      for item in values(var.scaling) :
      (item.max_instances == null || try(item.max_instances >= 1, false)) &&
      (item.min_instances == null || try(item.min_instances >= 0, false)) &&
      (item.memory_mib == null || try(item.memory_mib >= 256, false))
    ])
    error_message = "scaling must have at least 1 for max_instances, 0 for min_instances and 256 for memory_mib."
  }
}

variable "secret_versions" {
  description = "How often each secret was given a value. A higher number stores the value of var.secrets as a new version; a secret that is not named has no value and is not given to the functions."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secret_versions) : contains(keys(jsondecode(file("${path.module}/settings.json")).secrets), name)])
    error_message = "secret_versions must be given by names of secrets as in settings.json, such as SIGNING_KEYS."
  }
  validation {
    condition     = alltrue([for number in values(var.secret_versions) : number >= 1 && floor(number) == number])
    error_message = "secret_versions must be whole numbers from 1 upwards."
  }
  validation {
    condition     = lookup(var.secret_versions, "EVENT_ID_KEY", 1) == 1
    error_message = "EVENT_ID_KEY must stay at version 1: with another key every booking would be exported a second time."
  }
}

variable "secrets" {
  description = "The values of secrets whose version is new, by name; needed by no other apply. Best given as TF_VAR_secrets."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

variable "settings" {
  description = "Settings of the functions that differ from production's defaults, by name; settings.json lists them as optional."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : contains(jsondecode(file("${path.module}/settings.json")).optional, name)])
    error_message = "settings must be named in the list \"optional\" of settings.json, such as POLL_MINUTES; the others follow from other variables."
  }
}

variable "staff" {
  description = "The OpenID issuer that vouches for staff: its name, the audience of its ID tokens, and where its keys are; and more of them, each for the tenants that it names or for all."
  type = object({
    audience = string
    issuer   = string
    jwks_uri = string
    more = optional(list(object({
      audience = string
      claims   = optional(map(string), {})
      issuer   = string
      jwks_uri = string
      support  = optional(bool, false)
      tenants  = optional(list(string), [])
    })), [])
  })

  validation {
    condition = alltrue([
      for item in concat([var.staff], var.staff.more) :
      startswith(item.issuer, "https://") && startswith(item.jwks_uri, "https://")
    ])
    error_message = "staff.issuer and staff.jwks_uri must begin with https://, also those of staff.more."
  }
  validation {
    condition     = alltrue([for item in concat([var.staff], var.staff.more) : length(item.audience) > 0])
    error_message = "staff.audience must be the audience that the issuer puts into ID tokens; with none, any application's token would do."
  }
}
