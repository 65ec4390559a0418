"""The HTML pages that people see: consent, errors, and the form that posts itself back to the app."""

from html import escape

from local.microsoft.errors import Json, SignInError
from local.microsoft.model import Account

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title} - simulated Microsoft</title>
<style>body{{font:16px/1.5 "Segoe UI",sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}}code{{word-break:break-all}}</style></head>
<body>"""
HIDDEN = frozenset({"account", "decision"})


def consent_page(
    app: str, action: str, parameters: Json, *, people: list[Account], hinted: str, wanted: list[str]
) -> str:
    """The page that asks which account to use, and whether the app may."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in parameters.items()
        if name not in HIDDEN
    )
    chosen = hinted or (people[0].email if people else "")
    accounts = "".join(
        f'<p><label><input type="radio" name="account" value="{escape(each.address)}"'
        f"{' checked' if each.email == chosen else ''}> {escape(each.name)} &lt;{escape(each.address)}&gt; "
        f"({'personal' if each.personal else 'work or school'})</label></p>"
        for each in people
    )
    permissions = "".join(f"<li><code>{escape(name)}</code></li>" for name in wanted)
    return (
        HEAD.format(title="Permissions requested")
        + f"""<h1>Sign in with (simulated) Microsoft</h1><p><strong>{escape(app)}</strong> would like to:</p>
<ul>{permissions}</ul><form method="post" action="{escape(action)}">{hidden}
<fieldset><legend>Pick an account</legend>{accounts}</fieldset>
<p><button name="decision" value="cancel">Cancel</button>
<button name="decision" value="accept">Accept</button>
<button name="decision" value="accept_for_organization">Accept on behalf of your organization</button></p>
</form></body></html>"""
    )


def error_page(refused: SignInError) -> str:
    """The page for a request that must not be redirected."""
    return (
        HEAD.format(title="Sorry")
        + f"<h1>Sorry, but we're having trouble signing you in.</h1><p>{escape(refused.description)}</p>"
        "</body></html>"
    )


def form_post_page(uri: str, values: dict[str, str]) -> str:
    """A page with a form of the values, which the browser posts by itself."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in values.items()
    )
    return (
        HEAD.format(title="Working...")
        + f'<form method="post" action="{escape(uri)}">{hidden}<button>Continue</button></form>'
        "<script>document.forms[0].submit()</script></body></html>"
    )
