"""Stores tenants, resources, services, absences and the addresses of iCalendar feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from common.domain.calendar.interval import Interval
from common.domain.catalogue.ics_feed import IcsFeed, Shows
from common.domain.catalogue.records import (
    Absence,
    DayHours,
    EditPolicy,
    Language,
    MailPolicy,
    OwnerEditPolicy,
    Resource,
    Service,
    Tenant,
    UnreachablePolicy,
    WallRange,
    WeeklyHours,
)
from common.domain.slots.agenda import Agenda, weeks_of
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import INTERVAL, PLAIN, SECONDS, TEXTS, Form, enum_value, record
from common.store.firestore.documents import (
    REMOVE,
    Create,
    Delete,
    Documents,
    Merge,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
)
from common.store.slots.agenda import read_agenda, stored_interval

MAIL_POLICY = record(MailPolicy, customers=PLAIN, language=enum_value(Language), owner=PLAIN, reminders=PLAIN)


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _ranges(day: DayHours) -> list[str]:
    return [str(item) for item in day]


def _day(stored: list[str]) -> DayHours:
    return tuple(map(WallRange.parse, stored))


def _write_overrides(value: Mapping[date, DayHours]) -> dict[str, Any]:
    return {day.isoformat(): _ranges(hours) for day, hours in value.items()}


def _read_overrides(stored: dict[str, Any]) -> dict[date, DayHours]:
    return {date.fromisoformat(day): _day(hours) for day, hours in stored.items()}


_HOURS: Form[WeeklyHours] = Form(
    lambda value: {name: _ranges(day) for name, day in zip(_WEEKDAYS, value.days, strict=True) if day},
    lambda stored: WeeklyHours(tuple(_day(stored.get(name, [])) for name in _WEEKDAYS)),
)
_OVERRIDES: Form[Mapping[date, DayHours]] = Form(_write_overrides, _read_overrides)
TENANT = record(
    Tenant,
    id=PLAIN,
    name=PLAIN,
    zone=PLAIN,
    unreachable=record(UnreachablePolicy, grace=SECONDS),
    owner_edits=record(
        OwnerEditPolicy,
        time=enum_value(EditPolicy),
        text=enum_value(EditPolicy),
        deletion=enum_value(EditPolicy),
    ),
    allowed_origins=TEXTS,
    return_addresses=TEXTS,
    mail=MAIL_POLICY,
)
RESOURCE = record(
    Resource,
    id=PLAIN,
    name=PLAIN,
    email=PLAIN,
    zone=PLAIN,
    hours=_HOURS,
    overrides=_OVERRIDES,
    use_external_free=PLAIN,
    active=PLAIN,
)
LENGTHS = ("duration", "buffer_before", "buffer_after", "step", "notice", "horizon", "hold")
SERVICE = record(
    Service,
    id=PLAIN,
    name=PLAIN,
    resources=TEXTS,
    capacity=PLAIN,
    active=PLAIN,
    show_seats=PLAIN,
    **dict.fromkeys(LENGTHS, SECONDS),
)
ABSENCE = record(Absence, id=PLAIN, interval=INTERVAL)
V = TypeVar("V", Tenant, Resource, Service, Absence)


def existing(snapshot: Snapshot, form: Form[V]) -> V:
    """The record that a document holds, with the document's version.

    Raises:
        UnknownResource: There is no such document.
    """
    if snapshot.data is None:
        raise UnknownResource("there is no such thing")
    return replace(form.read(snapshot.data), version=snapshot.version)


_TRIES = 5


class Catalogue:
    """Tenants, resources, services and absences.

    A record that was read is saved with its version, and replaces just that; one without a version replaces
    whatever is there, and with ``new`` nothing at all. Every save returns the record with its new version.
    It raises Conflict where another version is stored, and AlreadyExists where a new record is not new.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def tenant(self, tenant: str) -> Tenant:
        """Raises UnknownResource where there is none."""
        return self._one(paths.tenant(tenant), TENANT)

    def save_tenant(self, tenant: Tenant, *, new: bool = False) -> Tenant:
        """Create or replace."""
        return self._save(paths.tenant(tenant.id), TENANT, tenant, new=new)

    def resource(self, tenant: str, resource: str) -> Resource:
        """Raises UnknownResource where there is none."""
        return self._one(paths.resource(tenant, resource), RESOURCE)

    def resources(self, tenant: str) -> tuple[Resource, ...]:
        """All of a tenant's resources."""
        return self._all(paths.within(tenant, "resources"), RESOURCE)

    def save_resource(self, tenant: str, resource: Resource, *, new: bool = False) -> Resource:
        """Create or replace."""
        return self._save(paths.resource(tenant, resource.id), RESOURCE, resource, new=new)

    def service(self, tenant: str, service: str) -> Service:
        """Raises UnknownResource where there is none."""
        return self._one(paths.service(tenant, service), SERVICE)

    def services(self, tenant: str) -> tuple[Service, ...]:
        """All of a tenant's services."""
        return self._all(paths.within(tenant, "services"), SERVICE)

    def save_service(
        self, tenant: str, service: Service, *, new: bool = False, offered_by: Sequence[Resource] = ()
    ) -> Service:
        """Create or replace, if the resources ``offered_by`` are as they were read; else raises Conflict."""
        path, unchanged = paths.service(tenant, service.id), _unchanged(tenant, offered_by)
        return self._save(path, SERVICE, service, new=new, beside=unchanged)

    def delete_service(self, tenant: str, service: Service) -> None:
        """Remove, if it is as it was read; else raises Conflict."""
        self._documents.commit([Delete(paths.service(tenant, service.id), version=service.version)])

    def absence(self, tenant: str, resource: str, absence: str) -> Absence:
        """Raises UnknownResource where there is none."""
        return self._one(paths.absence(tenant, resource, absence), ABSENCE)

    def absences(self, tenant: str, resource: str) -> tuple[Absence, ...]:
        """All of a resource's absences."""
        return self._all(paths.absences(tenant, resource), ABSENCE)

    def save_absence(
        self,
        tenant: str,
        resource: str,
        absence: Absence,
        *,
        new: bool = False,
        of: Resource | None = None,
    ) -> Absence:
        """Create or replace, together with the agenda weeks that it touches.

        The resource ``of`` which it is must be as it was read; else raises Conflict.
        """
        unchanged = _unchanged(tenant, [of] if of else [])
        path, touched = paths.absence(tenant, resource, absence.id), set(weeks_of(absence.interval))
        for _ in range(_TRIES):
            (stored,) = self._documents.get([path])
            if new and stored.data is not None:
                raise AlreadyExists("a document of this name exists")
            if absence.version not in {None, stored.version}:
                raise Conflict("the document changed meanwhile")
            changed: dict[str, Any] = {week: stored_interval(absence.interval) for week in touched}
            changed |= dict.fromkeys(_absence_weeks(stored) - touched, REMOVE)
            agenda = _agenda_writes(tenant, resource, changed, absence.id)
            record = replace(absence, version=stored.version)
            try:
                return self._save(path, ABSENCE, record, new=True, beside=[*agenda, *unchanged])
            except (AlreadyExists, Conflict):
                continue
        raise Conflict("others keep changing this absence")

    def delete_absence(self, tenant: str, resource: str, absence: str, *, version: str | None = None) -> None:
        """Remove, together with its agenda entries; raises UnknownResource where there is none.

        Raises Conflict where another ``version`` is stored than the given one.
        """
        path = paths.absence(tenant, resource, absence)
        (stored,) = self._documents.get([path])
        if stored.data is None:
            raise UnknownResource("there is no such absence")
        if version not in {None, stored.version}:
            raise Conflict("the document changed meanwhile")
        removed = dict.fromkeys(_absence_weeks(stored), REMOVE)
        writes = _agenda_writes(tenant, resource, removed, absence)
        self._documents.commit([Delete(path, version=stored.version), *writes])

    def agenda(self, tenant: str, resource: str, window: Interval) -> Agenda:
        """The stored busy times of a resource."""
        return read_agenda(
            self._documents.get([paths.agenda(tenant, resource, week) for week in weeks_of(window)])
        )

    def _save(self, path: str, form: Form[V], record: V, *, new: bool, beside: Sequence[Write] = ()) -> V:
        """One commit; a record that was read replaces just that version of itself."""
        data, version = form.write(record), record.version
        write: Write = Create(path, data) if new else Put(path, data)
        if version is not None:
            write = Replace(path, data, version=version)
        document, *_ = self._documents.commit([write, *beside])
        return replace(record, version=document.version)

    def _one(self, path: str, form: Form[V]) -> V:
        (snapshot,) = self._documents.get([path])
        return existing(snapshot, form)

    def _all(self, collection: str, form: Form[V]) -> tuple[V, ...]:
        return tuple(existing(found, form) for found in self._documents.query(Query(collection)))


def _unchanged(tenant: str, resources: Sequence[Resource]) -> list[Write]:
    """Writes that change nothing and demand that resources are as they were read."""
    return [Merge(paths.resource(tenant, item.id), {}, version=item.version) for item in resources]


def _agenda_writes(tenant: str, resource: str, by_week: Mapping[str, Any], absence: str) -> list[Write]:
    return [
        Merge(paths.agenda(tenant, resource, week), {("absences", absence): times})
        for week, times in sorted(by_week.items())
    ]


def _absence_weeks(stored: Snapshot) -> set[str]:
    return set(weeks_of(ABSENCE.read(stored.data).interval)) if stored.data is not None else set()


ICS_FEED = record(
    IcsFeed,
    tenant=PLAIN,
    resource=PLAIN,
    shows=enum_value(Shows),
    secret_hash=PLAIN,
    created_at=PLAIN,
    created_by=PLAIN,
)
ICS_FEEDS = "subscriptions"


class IcsFeeds:
    """The published iCalendar feeds, at most one a resource."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_resource(self, tenant: str, resource: str) -> IcsFeed | None:
        """The published feed of a resource, if there is one."""
        (found,) = self._documents.get([_ics_feed_path(tenant, resource)])
        return _ics_feed(found) if found.data is not None else None

    def by_secret(self, secret_hash: str) -> IcsFeed:
        """The feed whose address has this secret; raises UnknownResource where there is none."""
        query = Query(ICS_FEEDS, group=True, filters=(("secret_hash", "==", secret_hash),), limit=1)
        for found in self._documents.query(query):
            return _ics_feed(found)
        raise UnknownResource("there is no such feed")

    def put(self, ics_feed: IcsFeed) -> IcsFeed:
        """Publish a resource's feed; a former address ends in the same moment."""
        path = _ics_feed_path(ics_feed.tenant, ics_feed.resource)
        (document,) = self._documents.commit([Put(path, ICS_FEED.write(ics_feed))])
        return replace(ics_feed, version=document.version)

    def delete(self, tenant: str, resource: str) -> None:
        """End the feed; having none is fine."""
        self._documents.commit([Delete(_ics_feed_path(tenant, resource))])


def _ics_feed_path(tenant: str, resource: str) -> str:
    return f"{paths.resource(tenant, resource)}/{ICS_FEEDS}/current"


def _ics_feed(found: Snapshot) -> IcsFeed:
    return replace(ICS_FEED.read(found.data), version=found.version)
