"""Operations and answers of the function ``feeds``."""

from __future__ import annotations

from openapi.operation import Operation, Response

SUMMARY = "The iCalendar feed of a resource, for whoever holds its secret address."
CACHED = ("ETag", "Cache-Control")
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Slotbridge//Bookings//EN\r\nEND:VCALENDAR\r\n"

OPERATIONS = (
    Operation(
        "GET /<secret>.ics",
        "readFeed",
        "The calendar (RFC 5545)",
        {
            200: Response(str, "The whole calendar.", "text/calendar", CACHED, CALENDAR),
            304: Response(description="Unchanged.", headers=CACHED),
        },
        headers=("If-None-Match",),
    ),
)
