# The services of Google Cloud that are used.

locals {
  _apis = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "calendar-json.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudscheduler.googleapis.com",
      "cloudtasks.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
    ],
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
    var.custom_domain == null ? [] : ["compute.googleapis.com"],
    var.identity_platform == null ? [] : ["identitytoolkit.googleapis.com"],
  ))
}

resource "google_project_service" "this" {
  for_each = local._apis

  project = var.project
  service = each.key

  # Other things of the project may use it.
  disable_on_destroy = false
}
