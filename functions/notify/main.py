"""Tells people by mail and systems by webhook what happened (private: Cloud Tasks)."""

from collections.abc import Callable
from typing import Any

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.work import Payload, Work
from common.errors import UnexpectedReply
from common.flows.deliver_hook import DeliverHook, deliver_hook
from common.flows.follow_session import FollowSession, follow_session
from common.flows.lapse_proposal import LapseProposal, lapse_proposal
from common.flows.mail_invitation import MailInvitation, mail_invitation
from common.flows.remind_owner import RemindOwner, remind_owner
from common.flows.tell_connection import TellConnection, tell_connection
from common.flows.tell_customer import TellCustomer, tell_customer
from common.flows.tell_owner import TellOwner, tell_owner
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
