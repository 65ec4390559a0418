# What is made at Amazon.

mock_provider "aws" {}

variables {
  domain      = "example.com"
  environment = "test"
}

run "identity" {
  command = plan

  assert {
    condition     = aws_sesv2_email_identity.this.email_identity == "example.com"
    error_message = "Mails must come from the domain that was asked for."
  }

  assert {
    condition     = aws_sesv2_configuration_set.this.delivery_options[0].tls_policy == "REQUIRE"
    error_message = "Mails must travel encrypted."
  }

  assert {
    condition     = output.sender == "slotbridge-sender"
    error_message = "The sending user must be told."
  }
}

run "domain" {
  command = plan

  variables {
    domain = "https://example.com"
  }

  expect_failures = [var.domain]
}

run "region" {
  command = plan

  variables {
    region = "europe-west6"
  }

  expect_failures = [var.region]
}
