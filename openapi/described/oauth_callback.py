"""Operations and answers of the function ``oauth_callback``."""

from __future__ import annotations

from common.api.consent import DEFAULT_PAGE, Callback
from openapi.operation import Operation, Response

SUMMARY = "Ends a consent: the provider sends the browser here, and it goes back to the front end."

OPERATIONS = (
    Operation(
        "GET /",
        "finishConsent",
        "Back from the provider",
        {
            303: Response(description="Back to the front end, with `outcome`.", headers=("Location",)),
            400: Response(str, "A page, where there is no address to go to.", "text/plain", (), DEFAULT_PAGE),
        },
        query=Callback,
    ),
)
