environment = "prod"
prefix      = "slotbridge"
region      = "europe-west6"

firestore = { backup_days = 30 }
