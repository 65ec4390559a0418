"""Google's OAuth server: the consent page, grants and tokens."""
