"""A model of an installation's load, limits and cost by its number of connections."""
