output "front_end" {
  description = "What the web pages must be told."
  value = {
    api_base_url   = local.public_base_url
    functions      = { for name, item in local.functions : name => local.public_urls[name] if !item.private }
    staff_audience = var.staff.audience
    staff_issuer   = var.staff.issuer
  }
}

output "function_urls" {
  description = "The address of every function."
  value       = local.public_urls
}

output "load_balancer_address" {
  description = "The address that the custom domain's A record must name; null without a custom domain."
  value       = one(google_compute_global_address.this[*].address)
}

output "redirect_uris" {
  description = "What to register as redirect URI with the Google OAuth client and the Entra app registration."
  value       = [local.public_urls["oauth_callback"]]
}

output "secrets_without_value" {
  description = "Secrets that have no version yet; functions that need one answer with an error until it is given."
  value       = sort(setsubtract(keys(local.settings.secrets), keys(var.secret_versions)))
}

output "service_accounts" {
  description = "The account that each function runs as."
  value       = { for name, account in google_service_account.function : name => account.email }
}

output "webhook_urls" {
  description = "Where providers push to."
  value       = { for name, url in local.public_urls : name => url if startswith(name, "webhook_") }
}
