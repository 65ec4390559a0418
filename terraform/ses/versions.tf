# A configuration of its own, so that whoever sends no mail through Amazon needs no Amazon credentials.
terraform {
  required_version = "~> 1.11"

  # An operator names the bucket at `terraform init -backend-config=…`.
  backend "gcs" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      application = "slotbridge"
      environment = var.environment
    }
  }
}
