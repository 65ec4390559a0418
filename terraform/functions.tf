# The functions and the archives that they are built from.

locals {
  _archives = "${path.module}/../build/functions"
  # Not by a condition, whose two results would have to be of one type.
  _manifest = try(jsondecode(file("${local._archives}/manifest.json")), {})
  # Whether each archive is what the code of this moment would give.
  _current = {
    for name in keys(local.functions) : name => try(
      fileexists("${local._archives}/${name}.zip") &&
      local._manifest[name].sources_digest == sha256(join("", [
        for source in local._manifest[name].sources : filesha256("${path.module}/../${source}")
      ])),
      false,
    )
  }
}

resource "google_storage_bucket" "archives" {
  #checkov:skip=CKV_GCP_62:holds build inputs only; nobody's data, and Cloud Audit Logs record who reads them
  #checkov:skip=CKV_GCP_78:an archive's name holds the hash of its contents, so no object is ever overwritten
  name                        = "${var.prefix}-archives-${var.project}"
  project                     = var.project
  location                    = var.region
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age                = 365
      num_newer_versions = 10
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_storage_bucket_object" "archive" {
  for_each = local.functions

  bucket = google_storage_bucket.archives.name
  name   = "${each.key}-${try(local._manifest[each.key].digest, "missing")}.zip"
  source = "${local._archives}/${each.key}.zip"

  lifecycle {
    precondition {
      condition     = local._current[each.key]
      error_message = "The archive of ${each.key} is missing or older than the code: run `make archives` in the project's folder, then plan again."
    }
  }
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  name        = each.value.cloud_name
  project     = var.project
  location    = var.region
  description = "Slotbridge: ${each.key} (${each.value.access})"

  build_config {
    entry_point     = each.key
    runtime         = local.catalogue.runtime
    service_account = google_service_account.build.id

    source {
      storage_source {
        bucket = google_storage_bucket.archives.name
        object = google_storage_bucket_object.archive[each.key].name
      }
    }
  }

  service_config {
    all_traffic_on_latest_revision   = true
    available_cpu                    = tostring(each.value.cpu)
    available_memory                 = "${each.value.memory_mib}Mi"
    environment_variables            = local.environments[each.key]
    ingress_settings                 = each.value.private ? var.ingress.private : local._public_ingress
    max_instance_count               = each.value.max_instances
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    service_account_email            = google_service_account.function[each.key].email
    timeout_seconds                  = each.value.timeout_seconds

    dynamic "secret_environment_variables" {
      for_each = local.mounts[each.key]
      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_environment_variables.key].secret_id
        version    = google_secret_manager_secret_version.this[secret_environment_variables.key].version
      }
    }
  }

  depends_on = [
    google_project_iam_member.build,
    google_secret_manager_secret_iam_member.reader,
  ]

  lifecycle {
    postcondition {
      condition     = self.url == null || self.url == local.urls[each.key]
      error_message = "Google gave ${each.key} another address than the one that the functions were told."
    }
  }
}
