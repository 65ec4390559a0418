"""The identity platform: consent pages, authorization codes and tokens."""
