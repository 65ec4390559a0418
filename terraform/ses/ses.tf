# The identity that mails are sent with, and the account that may send them and nothing else.

resource "aws_sesv2_configuration_set" "this" {
  configuration_set_name = var.prefix

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  # Addresses that bounced or complained are not written to again.
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

resource "aws_sesv2_email_identity" "this" {
  email_identity         = var.domain
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name

  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "this" {
  email_identity         = aws_sesv2_email_identity.this.email_identity
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
  mail_from_domain       = "mail.${var.domain}"
}

# Its access key is made by hand: made here, the secret half would stand in the state.
resource "aws_iam_user" "sender" {
  #checkov:skip=CKV_AWS_273:a program on another cloud sends; people sign in by other ways
  name = "${var.prefix}-sender"
}

resource "aws_iam_group" "senders" {
  name = "${var.prefix}-senders"
}

resource "aws_iam_user_group_membership" "sender" {
  user   = aws_iam_user.sender.name
  groups = [aws_iam_group.senders.name]
}

resource "aws_iam_group_policy" "send" {
  name  = "send"
  group = aws_iam_group.senders.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource = [
        aws_sesv2_configuration_set.this.arn,
        aws_sesv2_email_identity.this.arn,
      ]
    }]
  })
}
