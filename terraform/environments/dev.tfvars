environment = "dev"
prefix      = "slotbridge-dev"
region      = "europe-west6"

# Nothing is kept warm, and backups are short.
firestore = { backup_days = 3, database = "slotbridge-dev" }
scaling = {
  bookings       = { min_instances = 0, max_instances = 5 }
  slots          = { min_instances = 0, max_instances = 5 }
  webhook_google = { min_instances = 0, max_instances = 5 }
}
