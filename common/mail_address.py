"""The one check of e-mail addresses: what can really be mailed to, and how it is written on its way."""

from __future__ import annotations

LONGEST_ADDRESS = 254


def ascii_address(text: str) -> str:
    """The address as mail services take it: an internationalised domain as punycode.

    Nothing is looked up. A name before the @ that is not plain ASCII is refused: it needs SMTPUTF8
    (https://www.rfc-editor.org/rfc/rfc6531), which Amazon SES does not offer
    (https://docs.aws.amazon.com/ses/latest/dg/send-email-raw.html).

    Raises:
        ValueError: No mail can be sent to it; the message says why and does not repeat the address.
    """
    # Many answers need no address, and their functions shall not wait for the library.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    local = text.rpartition("@")[0]
    if local and not local.isascii():
        raise ValueError("before the @ of an e-mail address only letters without accents can be mailed to")
    try:
        # The domains of tests (https://www.rfc-editor.org/rfc/rfc6761#section-6.2) are names like others.
        found = validate_email(text, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        # Without its cause: the library's texts repeat parts of the address.
        raise ValueError("this is no e-mail address that can be mailed to") from None
    if found.ascii_email is None or "." not in found.ascii_domain or len(found.ascii_email) > LONGEST_ADDRESS:
        raise ValueError("this is no e-mail address that can be mailed to")
    return found.ascii_email


def can_be_mailed(address: str | None) -> bool:
    """Whether mail can be sent to an address, perhaps one that was stored before addresses were checked."""
    if not address:
        return False
    try:
        ascii_address(address)
    except ValueError:
        return False
    return True
