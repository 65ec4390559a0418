"""The tenant's own record and dead letters; who may look at its data, its export and its erasure (owners)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api import privacy
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import read
from common.api.owner_routes import OwnerRouting
from common.api.routes import owner
from common.flows.catalogue.records import SaveTenant, save_tenant
from common.flows.ops.dead_letters import ReplayDeadLetter, replay_dead_letter
from common.flows.privacy.erasure import StartErasure, start_erasure
from common.flows.privacy.export_data import ReadExport, read_export
from common.flows.privacy.support import (
    AllowSupport,
    LockSupport,
    RevokeSupport,
    allow_support,
    lock_support,
    revoke_support,
)
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    found = ports().catalogue.tenant(call.staff.tenant)
    return shown(call, api.tenant_view(found), found.version)


def _put(call: Call) -> Reply:
    wanted = api.tenant_of(call.staff.tenant, read(api.TenantBody, call.body))
    kept = save_tenant(ports(), SaveTenant(wanted, condition(call)))
    return stored(api.tenant_view(kept.record), kept.record.version, created=kept.created)


to, GRANT, ERASE = OwnerRouting(ports), privacy.grant_view, privacy.ErasureBody
ROUTES = (
    owner("GET", "/", _get),
    owner("PUT", "/", _put, body=True),
    to.listed("/notices", "notices", lambda outside: outside.lists.notices),
    to.listed("/dead_letters", "dead_letters", lambda outside: outside.lists.dead_letters),
    to.by("POST", "/dead_letters/<letter>/replay", ReplayDeadLetter, replay_dead_letter, status=202),
    owner("GET", "/support", privacy.support(ports)),
    to.by("POST", "/support", AllowSupport, allow_support, body=privacy.SupportBody, view=GRANT, status=201),
    to.by("PUT", "/support", LockSupport, lock_support, body=privacy.LockBody, view=privacy.lock_view),
    to.by("DELETE", "/support/<grant>", RevokeSupport, revoke_support, view=GRANT),
    to.listed("/audit", "entries", lambda outside: outside.lists.audit, privacy.entry_view),
    to.by("POST", "/export", ReadExport, read_export, body=privacy.ExportBody, view=privacy.page_view),
    to.listed("/erasures", "erasures", lambda outside: outside.lists.erasures, privacy.erasure_view),
    to.by(
        "POST", "/erasures", StartErasure, start_erasure, body=ERASE, view=privacy.erasure_view, status=202
    ),
    to.shown("/erasures/<erasure>", privacy.receipt_view),
)
APP = Function("tenant", ROUTES, installation)


@functions_framework.http
def tenant(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
