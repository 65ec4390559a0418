"""The slot endpoint's baseline: one document an appointment, Google's client, one query a question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

import functions_framework
from flask import Request, Response, jsonify
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from common.domain.calendar.interval import Interval
from common.domain.slots.engine import Availability, SlotQuestion, free_starts

COLLECTION = "appointments"
LONGEST = timedelta(days=2)


@lru_cache(maxsize=1)
def client() -> firestore.Client:
    """The client of this process."""
    return firestore.Client(project="baseline")


def store(spans: Iterable[Interval]) -> None:
    """Store appointments with the fields that such a record usually has."""
    database = client()
    batch = database.batch()
    for number, span in enumerate(spans):
        batch.set(
            database.collection(COLLECTION).document(f"appointment-{number:05}"),
            {
                "resource": "anna",
                "service": "service",
                "start": span.start,
                "end": span.end,
                "status": "confirmed",
                "customer": {"name": "Zoe Zimmer", "email": "zoe@example.net", "phone": "+41 79 000 00 00"},
                "note": "first visit",
                "source": "customer",
                "created_at": span.start,
                "updated_at": span.start,
                "revision": 1,
            },
        )
    batch.commit()


@functions_framework.http
def baseline(request: Request) -> Response:
    """Answer which times are free, with the same engine, so that only the storage differs."""
    from bench.slots.engine import RESOURCE, SERVICE

    start = datetime.fromisoformat(request.args["from"])
    end = datetime.fromisoformat(request.args["to"])
    query = (
        client()
        .collection(COLLECTION)
        .where(filter=FieldFilter("resource", "==", request.args["resource"]))
        .where(filter=FieldFilter("start", ">=", start - LONGEST))
        .where(filter=FieldFilter("start", "<", end))
    )
    found = (document.to_dict() or {} for document in query.stream())
    taken = tuple(Interval(item["start"], item["end"]) for item in found)
    question = SlotQuestion(SERVICE, RESOURCE, Interval(start, end), start - timedelta(days=1))
    free = free_starts(question, Availability(bookings=taken))
    return jsonify(
        slots=[{"start": time.isoformat(), "end": (time + SERVICE.duration).isoformat()} for time in free]
    )
