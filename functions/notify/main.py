"""Tells people by mail and systems by webhook what happened (private: Cloud Tasks)."""

from collections.abc import Callable
from typing import Any

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.errors import UnexpectedReply
from common.flows.booking.seats import FollowSession, follow_session
from common.flows.connect.invitations import MailInvitation, mail_invitation
from common.flows.export.proposals import LapseProposal, lapse_proposal
from common.flows.notify.customer import TellCustomer, tell_customer
from common.flows.notify.owner import RemindOwner, TellOwner, remind_owner, tell_owner
from common.flows.webhooks.deliver import DeliverHook, TellConnection, deliver_hook, tell_connection
from common.ports import Ports
from common.wiring import ports, stage


def _kept(flow: Callable[[Ports, Any], object], kind: type) -> Callable[[Ports, Payload], object]:
    return lambda outside, payload: flow(outside, command(kind, payload))


KINDS: dict[str, Callable[[Ports, Payload], object]] = {
    "booked": _kept(tell_customer, TellCustomer),
    "moved": _kept(tell_customer, TellCustomer),
    "cancelled": _kept(tell_customer, TellCustomer),
    "connected": _kept(tell_connection, TellConnection),
    "disconnected": _kept(tell_connection, TellConnection),
    "notice": _kept(tell_owner, TellOwner),
    "invitation": _kept(mail_invitation, MailInvitation),
    "reminder": _kept(remind_owner, RemindOwner),
    "proposal": _kept(lapse_proposal, LapseProposal),
    "session": _kept(follow_session, FollowSession),
    "hook": _kept(deliver_hook, DeliverHook),
}


def work(outside: Ports, payload: Payload) -> None:
    """Keep one promise."""
    kind = str(payload.get("kind"))
    if kind not in KINDS:
        raise UnexpectedReply("a task's payload cannot be read", code="unreadable_task")
    KINDS[kind](outside, payload)


APP = Function("notify", (private(Work.NOTIFY, work, ports),), stage)


@functions_framework.http
def notify(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
