"""HTTP: models, authentication, routing, and the mapping from errors to answers."""
