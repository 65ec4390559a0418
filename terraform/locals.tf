# What code and Terraform share, read from the files that the tests compare with the code.

locals {
  catalogue = jsondecode(file("${path.module}/functions.json"))
  jobs      = jsondecode(file("${path.module}/jobs.json"))
  queues    = jsondecode(file("${path.module}/queues.json"))
  signals   = jsondecode(file("${path.module}/metrics.json"))
  settings  = jsondecode(file("${path.module}/settings.json"))
  indexes   = jsondecode(file("${path.module}/indexes.json"))

  # Each function with the operator's scaling, its name in Google Cloud and its address.
  functions = {
    for name, item in local.catalogue.functions : name => merge(item, {
      cloud_name    = "${var.prefix}-${replace(name, "_", "-")}"
      min_instances = coalesce(try(var.scaling[name].min_instances, null), item.min_instances)
      max_instances = coalesce(try(var.scaling[name].max_instances, null), item.max_instances)
      memory_mib    = coalesce(try(var.scaling[name].memory_mib, null), item.memory_mib)
      private       = item.access != "public"
    })
  }

  # The functions' addresses are settings of each other, so they must be known before the functions exist.
  # This form follows from names alone; the address that ends in run.app does not.
  urls = {
    for name, item in local.functions : name =>
    "https://${var.region}-${var.project}.cloudfunctions.net/${item.cloud_name}"
  }
  public_base_url = (
    var.custom_domain == null
    ? "https://${var.region}-${var.project}.cloudfunctions.net"
    : "https://${var.custom_domain.name}"
  )
  # Private functions keep Google's address: Cloud Tasks must reach them past the load balancer.
  public_urls = {
    for name, item in local.functions : name => (
      var.custom_domain == null || item.private
      ? local.urls[name]
      : "${local.public_base_url}/${name}"
    )
  }
}
