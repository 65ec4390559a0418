# The secrets. Their values pass through Terraform without being kept in its state or plans.

resource "google_secret_manager_secret" "this" {
  for_each = local.settings.secrets

  secret_id           = "${var.prefix}-${lower(replace(each.key, "_", "-"))}"
  project             = var.project
  deletion_protection = true

  annotations = {
    purpose = each.value
  }

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]

  # Without its keys the stored grants and the ids of exported events are lost for good.
  lifecycle {
    prevent_destroy = true
  }
}

# A higher number in secret_versions makes a new version from the value given at that moment.
resource "google_secret_manager_secret_version" "this" {
  for_each = var.secret_versions

  secret                 = google_secret_manager_secret.this[each.key].id
  deletion_policy        = "DISABLE"
  secret_data_wo         = lookup(var.secrets, each.key, null)
  secret_data_wo_version = each.value

  # Functions move to the new version before the old one is disabled.
  lifecycle {
    create_before_destroy = true
  }
}
