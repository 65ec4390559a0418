output "dns_records" {
  description = "What the domain's DNS must say before Amazon sends."
  value = concat(
    [
      for token in aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens : {
        name  = "${token}._domainkey.${var.domain}"
        type  = "CNAME"
        value = "${token}.dkim.amazonses.com"
      }
    ],
    [
      { name = "mail.${var.domain}", type = "MX", value = "10 feedback-smtp.${var.region}.amazonses.com" },
      { name = "mail.${var.domain}", type = "TXT", value = "v=spf1 include:amazonses.com ~all" },
      { name = "_dmarc.${var.domain}", type = "TXT", value = "v=DMARC1; p=quarantine" },
    ],
  )
}

output "sender" {
  description = "The user whose access key the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY hold."
  value       = aws_iam_user.sender.name
}
