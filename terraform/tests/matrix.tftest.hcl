# Who may call, open, feed and read what, as it is planned.

mock_provider "google" {}

variables {
  environment     = "test"
  google          = { client_id = "1-a.apps.googleusercontent.com" }
  project         = "example-project"
  region          = "europe-west6"
  secret_versions = { for name in keys(jsondecode(file("settings.json")).secrets) : name => 1 }
  secrets         = { for name in keys(jsondecode(file("settings.json")).secrets) : name => "x" }
  staff = {
    audience = "slotbridge"
    issuer   = "https://issuer.example"
    jwks_uri = "https://issuer.example/jwks.json"
  }
}

run "matrix" {
  command = plan

  assert {
    condition     = keys(google_cloudfunctions2_function.this) == keys(local.catalogue.functions)
    error_message = "Every function of functions.json must be deployed, and no other."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.build_config[0].entry_point == name
    ])
    error_message = "A function's entry point must be its own name."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.service_config[0].ingress_settings == (
        local.catalogue.functions[name].access == "public" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
      )
    ])
    error_message = "Private functions must be closed to the outside, public ones open."
  }

  assert {
    condition = toset([
      for key, member in google_cloud_run_v2_service_iam_member.invoker : key if endswith(key, "/everybody")
      ]) == toset([
      for name, item in local.catalogue.functions : "${name}/everybody" if item.access == "public"
    ])
    error_message = "Everybody may call the public functions, and no other."
  }

  assert {
    condition = toset([
      for key in keys(google_cloud_run_v2_service_iam_member.invoker) : key if endswith(key, "/scheduler")
    ]) == toset(["maintenance/scheduler"])
    error_message = "The scheduler may call the maintenance function alone."
  }

  assert {
    condition = alltrue([
      for name in ["delta_sync", "disconnect", "export", "initial_sync", "maintenance", "notify"] :
      contains(keys(google_cloud_run_v2_service_iam_member.invoker), "${name}/tasks")
    ])
    error_message = "Cloud Tasks must be able to call every private function."
  }

  assert {
    condition = toset([
      for key in keys(google_secret_manager_secret_iam_member.reader) : key if startswith(key, "webhook_")
      ]) == toset([
      for name in keys(local.catalogue.functions) : "${name}/CHANNEL_KEYS" if startswith(name, "webhook_")
    ])
    error_message = "A webhook may read the channels' keys and no other secret."
  }

  assert {
    condition = alltrue([
      for name in keys(google_project_iam_member.datastore) : !startswith(name, "webhook_")
    ])
    error_message = "A webhook may not open the database."
  }

  assert {
    condition = toset([
      for key in keys(google_cloud_tasks_queue_iam_member.enqueuer) : key if startswith(key, "webhook_")
      ]) == toset([
      for name in keys(local.catalogue.functions) : "${name}/sync" if startswith(name, "webhook_")
    ])
    error_message = "A webhook may feed the sync queue and no other."
  }

  assert {
    condition = toset(keys(google_service_account_iam_member.enqueuer)) == toset([
      for name, item in local.catalogue.functions : name if length(item.queues) > 0
    ])
    error_message = "Whoever makes tasks may name the tasks' account, and nobody else."
  }

  assert {
    condition = alltrue([
      for member in values(google_project_iam_member.datastore) :
      strcontains(member.condition[0].expression, "databases/(default)")
    ])
    error_message = "The right to the database must be limited to this installation's."
  }

  assert {
    condition = toset(distinct([
      for member in values(google_project_iam_member.build) : member.role
    ])) == toset(["roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer"])
    error_message = "The build account must have what a build needs, and no more."
  }
}

run "functions" {
  command = plan

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this : alltrue([
        for setting in ["GOOGLE_CLOUD_PROJECT", "QUEUE_NAMES", "TASKS_LOCATION", "TASKS_SERVICE_ACCOUNT"] :
        lookup(function.service_config[0].environment_variables, setting, "") != ""
      ])
    ])
    error_message = "Every function must know where tasks go."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this : toset([
        for mount in function.service_config[0].secret_environment_variables : mount.key
      ]) == toset(local.catalogue.functions[name].secrets)
    ])
    error_message = "Every function must be given the secrets of its row, and no other."
  }

  assert {
    condition = alltrue([
      for function in values(google_cloudfunctions2_function.this) :
      length(setintersection(keys(function.service_config[0].environment_variables), keys(local.settings.secrets))) == 0
    ])
    error_message = "No secret may stand in a function's plain environment."
  }

  assert {
    condition = alltrue([
      for job in values(google_cloud_scheduler_job.this) :
      job.http_target[0].oidc_token[0].audience == job.http_target[0].uri &&
      job.http_target[0].uri == output.function_urls["maintenance"]
    ])
    error_message = "A job's token must be made out to the address that it calls."
  }

  assert {
    condition     = output.redirect_uris == ["https://europe-west6-example-project.cloudfunctions.net/slotbridge-oauth-callback"]
    error_message = "The redirect URI must be known before anything exists."
  }

  assert {
    condition     = length(output.secrets_without_value) == 0
    error_message = "Every secret has a value here."
  }

  assert {
    condition = (
      length(google_firestore_index.this) == length(local.indexes.indexes) &&
      length(google_firestore_field.this) == length(local.indexes.fieldOverrides)
    )
    error_message = "Every index and every exemption of indexes.json must be made."
  }

  assert {
    condition = alltrue([
      for queue in values(google_cloud_tasks_queue.this) :
      queue.retry_config[0].max_attempts == -1 && queue.rate_limits[0].max_dispatches_per_second <= 500
    ])
    error_message = "A queue must never drop a task, nor be asked for more than Cloud Tasks dispatches."
  }
}

run "quota" {
  command = plan

  variables {
    google = { client_id = "1-a.apps.googleusercontent.com", project_per_minute = 60000 }
  }

  assert {
    condition     = google_cloud_tasks_queue.this["sync"].rate_limits[0].max_dispatches_per_second == 300
    error_message = "A larger quota must make the queues faster."
  }

  assert {
    condition     = google_cloud_tasks_queue.this["live"].rate_limits[0].max_dispatches_per_second == 500
    error_message = "A queue's rate must stop at what Cloud Tasks dispatches."
  }
}

run "without_a_secret" {
  command = plan

  variables {
    secret_versions = { CHANNEL_KEYS = 1 }
    secrets         = { CHANNEL_KEYS = "a" }
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this : alltrue([
        for mount in function.service_config[0].secret_environment_variables : mount.key == "CHANNEL_KEYS"
      ])
    ])
    error_message = "A secret without a value must not be mounted, or no instance would start."
  }

  assert {
    condition     = contains(output.secrets_without_value, "GOOGLE_CLIENT_SECRET")
    error_message = "What is missing must be told."
  }
}
