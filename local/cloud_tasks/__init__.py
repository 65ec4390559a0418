"""A local Cloud Tasks: the rules of the service, its gRPC and REST APIs, and a virtual clock for tests."""
