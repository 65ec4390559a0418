"""What can be booked: tenants, resources, services and absences."""
