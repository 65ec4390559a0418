# Write-only arguments, which keep secrets out of the state, need Terraform 1.11.
terraform {
  required_version = "~> 1.11"

  # An operator names the bucket at `terraform init -backend-config=…`.
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true

  default_labels = {
    application = "slotbridge"
    environment = var.environment
  }
}
