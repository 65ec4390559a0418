variable "domain" {
  description = "The domain that mails come from; its DNS must be yours to change."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a bare domain name in lower case, such as \"example.com\"."
  }
}

variable "environment" {
  description = "What this installation is for; a tag on everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment))
    error_message = "environment must be a short word in lower case, such as \"dev\" or \"prod\"."
  }
}

variable "prefix" {
  description = "Begins every name."
  type        = string
  default     = "slotbridge"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 14 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "The region of Amazon SES; the main configuration is told the same as mail.ses_region."
  type        = string
  default     = "eu-central-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region of Amazon, such as \"eu-central-1\"."
  }
}
