"""Microsoft Graph behind the provider port."""
