# Wrong variables stop at plan, with a message that says what is expected.

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

run "alert_emails" {
  command = plan

  variables {
    alert_emails = ["nobody"]
  }

  expect_failures = [var.alert_emails]
}

run "budget_1" {
  command = plan

  variables {
    budget = { amount = 0, billing_account = "012345-6789AB-CDEF01", project_number = "1" }
  }

  expect_failures = [var.budget]
}

run "budget_2" {
  command = plan

  variables {
    budget = { amount = 10, billing_account = "mine", project_number = "1" }
  }

  expect_failures = [var.budget]
}

run "custom_domain" {
  command = plan

  variables {
    custom_domain = { name = "https://api.example.com" }
  }

  expect_failures = [var.custom_domain]
}

run "environment" {
  command = plan

  variables {
    environment = "Production!"
  }

  expect_failures = [var.environment]
}

run "firestore_1" {
  command = plan

  variables {
    firestore = { backup_days = 365 }
  }

  expect_failures = [var.firestore]
}

run "firestore_2" {
  command = plan

  variables {
    firestore = { database = "My Database" }
  }

  expect_failures = [var.firestore]
}

run "front_end_1" {
  command = plan

  variables {
    front_end = { console_origins = ["https://console.example.com/"] }
  }

  expect_failures = [var.front_end]
}

run "front_end_2" {
  command = plan

  variables {
    front_end = { manage_url = "http://book.example.com" }
  }

  expect_failures = [var.front_end]
}

run "front_end_3" {
  command = plan

  variables {
    front_end = { invite_url = "https://localhost:3000/invitation" }
  }

  expect_failures = [var.front_end]
}

run "google" {
  command = plan

  variables {
    google = { client_id = "GOCSPX-something" }
  }

  expect_failures = [var.google]
}

run "identity_platform" {
  command = plan

  variables {
    identity_platform = { authorized_domains = [] }
  }

  expect_failures = [var.identity_platform]
}

run "ingress" {
  command = plan

  variables {
    ingress = { private = "EVERYBODY" }
  }

  expect_failures = [var.ingress]
}

run "prefix" {
  command = plan

  variables {
    prefix = "much-too-long-a-prefix"
  }

  expect_failures = [var.prefix]
}

run "project" {
  command = plan

  variables {
    project = "123456789012"
  }

  expect_failures = [var.project]
}

run "queue_log_share" {
  command = plan

  variables {
    queue_log_share = 2
  }

  expect_failures = [var.queue_log_share]
}

run "region" {
  command = plan

  variables {
    region = "europe-west6-a"
  }

  expect_failures = [var.region]
}

run "scaling_1" {
  command = plan

  variables {
    scaling = { no_such_function = { max_instances = 1 } }
  }

  expect_failures = [var.scaling]
}

run "scaling_2" {
  command = plan

  variables {
    scaling = { slots = { max_instances = 0 } }
  }

  expect_failures = [var.scaling]
}

run "secret_versions_1" {
  command = plan

  variables {
    secret_versions = { NO_SUCH_SECRET = 1 }
  }

  expect_failures = [var.secret_versions]
}

run "secret_versions_2" {
  command = plan

  variables {
    secret_versions = { EVENT_ID_KEY = 2 }
  }

  expect_failures = [var.secret_versions]
}

run "secret_versions_3" {
  command = plan

  variables {
    secret_versions = { SIGNING_KEYS = 0 }
  }

  expect_failures = [var.secret_versions]
}

run "settings" {
  command = plan

  variables {
    settings = { STORE = "memory" }
  }

  expect_failures = [var.settings]
}

run "staff_1" {
  command = plan

  variables {
    staff = { audience = "", issuer = "https://issuer.example", jwks_uri = "https://issuer.example/jwks" }
  }

  expect_failures = [var.staff]
}

run "staff_2" {
  command = plan

  variables {
    staff = { audience = "a", issuer = "http://issuer.example", jwks_uri = "https://issuer.example/jwks" }
  }

  expect_failures = [var.staff]
}

run "mail_1" {
  command = plan

  variables {
    front_end = { console_url = "https://a.example", invite_url = "https://a.example/i", manage_url = "https://a.example/m" }
    mail      = { sender = "nobody" }
  }

  expect_failures = [var.mail]
}

run "mail_2" {
  command = plan

  variables {
    front_end = { console_url = "https://a.example", invite_url = "https://a.example/i", manage_url = "https://a.example/m" }
    mail      = { sender = "a@example.com", transport = "smtp" }
  }

  expect_failures = [var.mail]
}

run "mail_3" {
  command = plan

  variables {
    front_end = { console_url = "https://a.example", invite_url = "https://a.example/i" }
    mail      = { sender = "a@example.com" }
  }

  expect_failures = [var.mail]
}

run "microsoft" {
  command = plan

  variables {
    microsoft = { client_id = "my app" }
  }

  expect_failures = [var.microsoft]
}
