"""Google's OAuth server: consent page, authorization codes, tokens and their revocation."""
