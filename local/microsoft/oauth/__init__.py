"""The identity platform: the consent page, grants and tokens."""
