# The database, with the indexes, exemptions and expiry that the code's own file names.

locals {
  _indexes = {
    for item in local.indexes.indexes : join("/", concat(
      [item.collectionGroup, lower(item.queryScope)],
      [for field in item.fields : "${field.fieldPath}.${lower(field.order)}"],
    )) => item
  }
  _fields = {
    for item in local.indexes.fieldOverrides : "${item.collectionGroup}/${item.fieldPath}" => item
  }
}

resource "google_firestore_database" "this" {
  name                              = var.firestore.database
  project                           = var.project
  location_id                       = coalesce(var.firestore.location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  delete_protection_state           = var.firestore.delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "ABANDON"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"

  depends_on = [google_project_service.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_firestore_index" "this" {
  for_each = local._indexes

  project     = var.project
  database    = google_firestore_database.this.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "this" {
  for_each = local._fields

  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  # Empty means: no index at all.
  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order       = indexes.value.order
        query_scope = indexes.value.queryScope
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  project   = var.project
  database  = google_firestore_database.this.name
  retention = "${var.firestore.backup_days * 86400}s"

  daily_recurrence {}
}
