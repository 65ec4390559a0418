"""Mails people and calls webhooks about what happened: works off one outbox entry (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.task_records import (
    DeliverWebhook,
    FollowSession,
    LapseProposal,
    MailInvitation,
    NotifyConnectionChange,
    NotifyCustomer,
    NotifyOwner,
    RemindOwner,
)
from common.domain.shared.tasks import Work
from common.flows.booking.change import follow_session
from common.flows.connect.invitations import mail_invitation
from common.flows.export.proposals import lapse_proposal
from common.flows.notify.customer import notify_customer
from common.flows.notify.owner import notify_owner, remind_owner
from common.flows.webhooks.deliver import deliver_webhook, notify_connection_change
from common.wiring import installation, ports

FLOWS: TaskFlows = {
    NotifyCustomer: notify_customer,
    NotifyConnectionChange: notify_connection_change,
    NotifyOwner: notify_owner,
    RemindOwner: remind_owner,
    MailInvitation: mail_invitation,
    LapseProposal: lapse_proposal,
    FollowSession: follow_session,
    DeliverWebhook: deliver_webhook,
}
APP = Function("notify", (task_route(Work.NOTIFY, FLOWS, ports),), installation)


@functions_framework.http
def notify(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
