"""Support access, the audit trail, all documents of a tenant, and their erasure."""
