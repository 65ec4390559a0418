# Who may do what. The matrix is functions.json: what a function opens (firestore), feeds (queues), reads
# (secrets) and who may call it (access); nothing else is granted.

locals {
  # Known before the accounts exist, as the settings of the functions name them.
  _callers = {
    for name in ["scheduler", "tasks"] :
    name => "${var.prefix}-${name}@${var.project}.iam.gserviceaccount.com"
  }
  _build_roles = toset([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
    "roles/storage.objectViewer",
  ])
  _enqueuers = merge([
    for name, item in local.functions : {
      for lane in item.queues : "${name}/${lane}" => { function = name, lane = lane }
    }
  ]...)
  _readers = merge([
    for name, item in local.functions : {
      for secret in item.secrets : "${name}/${secret}" => { function = name, secret = secret }
    }
  ]...)
  _invokers = merge([
    for name, item in local.functions : {
      for caller in local._admitted[item.access] : "${name}/${caller}" => { function = name, caller = caller }
    }
  ]...)
  _admitted = {
    public    = ["everybody"]
    scheduler = ["scheduler", "tasks"]
    tasks     = ["tasks"]
  }
  _members = {
    everybody = "allUsers"
    scheduler = google_service_account.caller["scheduler"].member
    tasks     = google_service_account.caller["tasks"].member
  }
}

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = each.value.cloud_name
  project      = var.project
  display_name = "Slotbridge function ${each.key}"

  depends_on = [google_project_service.this]
}

resource "google_service_account" "caller" {
  for_each = local._callers

  account_id   = "${var.prefix}-${each.key}"
  project      = var.project
  display_name = "Slotbridge's calls by Cloud ${title(each.key)}"

  depends_on = [google_project_service.this]
}

resource "google_service_account" "build" {
  account_id   = "${var.prefix}-build"
  project      = var.project
  display_name = "Slotbridge's builds"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "build" {
  for_each = local._build_roles

  project = var.project
  role    = each.key
  member  = google_service_account.build.member
}

resource "google_project_iam_member" "datastore" {
  for_each = { for name, item in local.functions : name => item if item.firestore }

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title       = "slotbridge-database"
    description = "This database alone"
    expression  = "resource.name == \"projects/${var.project}/databases/${var.firestore.database}\""
  }
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local._enqueuers

  project  = var.project
  location = var.region
  name     = google_cloud_tasks_queue.this[each.value.lane].name
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.function[each.value.function].member
}

# A task carries a token of the tasks' account, so whoever makes tasks must be allowed to name it.
resource "google_service_account_iam_member" "enqueuer" {
  for_each = { for name, item in local.functions : name => item if length(item.queues) > 0 }

  service_account_id = google_service_account.caller["tasks"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.key].member
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local._readers

  project   = var.project
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  # Customers, browsers and providers call the public functions, which check their callers themselves.
  for_each = local._invokers

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.this[each.value.function].name
  role     = "roles/run.invoker"
  member   = local._members[each.value.caller]
}
