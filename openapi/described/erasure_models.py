"""Models of the answers about erasures."""

from __future__ import annotations

from typing import Annotated

from common.domain.privacy.erasure import ErasureStage, Scope
from openapi.fields import Answer, Count, Id, Moment, example_field
from openapi.record_responses import Page


class Erasure(Answer):
    """A job, and in the end its receipt."""

    id: Id
    scope: Scope
    subject: Annotated[str, example_field("anna")] | None
    stage: ErasureStage
    requested_by: Annotated[str, example_field("oidc|48213")]
    started_at: Moment
    waiting_until: Moment | None
    finished_at: Moment | None
    bookings_kept: bool
    documents_erased: Count
    bookings_anonymised: Count
    connections_ended: Count
    events_erased: Count
    events_left: Count


class ErasureList(Page):
    """All jobs."""

    erasures: list[Erasure]
