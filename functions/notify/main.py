"""Tells people by mail and systems by webhook what happened (private: Cloud Tasks)."""

from collections.abc import Callable

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.work import Payload, Work
from common.errors import UnexpectedReply
from common.flows.deliver_hook import DeliverHook, deliver_hook
from common.flows.lapse_proposal import LapseProposal, lapse_proposal
from common.flows.mail_invitation import MailInvitation, mail_invitation
from common.flows.remind_owner import RemindOwner, remind_owner
from common.flows.tell_connection import TellConnection, tell_connection
from common.flows.tell_customer import TellCustomer, tell_customer
from common.flows.tell_owner import TellOwner, tell_owner
from common.ports import Ports
from common.wiring import ports, stage


def _customer(outside: Ports, payload: Payload) -> object:
    return tell_customer(outside, command(TellCustomer, payload))


def _connection(outside: Ports, payload: Payload) -> object:
    return tell_connection(outside, command(TellConnection, payload))


KINDS: dict[str, Callable[[Ports, Payload], object]] = {
    "booked": _customer,
    "moved": _customer,
    "cancelled": _customer,
    "connected": _connection,
    "disconnected": _connection,
    "notice": lambda outside, payload: tell_owner(outside, command(TellOwner, payload)),
    "invitation": lambda outside, payload: mail_invitation(outside, command(MailInvitation, payload)),
    "reminder": lambda outside, payload: remind_owner(outside, command(RemindOwner, payload)),
    "proposal": lambda outside, payload: lapse_proposal(outside, command(LapseProposal, payload)),
    "hook": lambda outside, payload: deliver_hook(outside, command(DeliverHook, payload)),
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
