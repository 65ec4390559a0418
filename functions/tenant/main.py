"""The tenant's own record and dead letters; who may look at its data, its export and its erasure (owners)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api import privacy
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read, to_json
from common.api.paging import list_reply
from common.api.routes import owner
from common.flows.catalogue.records import save_tenant
from common.flows.ops.dead_letters import replay_dead_letter
from common.flows.privacy.erasure import start_erasure
from common.flows.privacy.export_data import read_export
from common.flows.privacy.support import allow_support, lock_support, revoke_support
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    found = ports().catalogue.tenant(call.staff.tenant)
    return shown(call, api.tenant_view(found), found.version)


def _put(call: Call) -> Reply:
    tenant = api.tenant_of(call.staff.tenant, read(api.TenantBody, call.body))
    saved = save_tenant(ports(), tenant=tenant, condition=condition(call))
    return stored(api.tenant_view(saved.record), saved.record.version, created=saved.created)


def _list_notices(call: Call) -> Reply:
    return list_reply(call, "notices", lambda page: ports().lists.notices(call.staff.tenant, page), to_json)


def _list_dead_letters(call: Call) -> Reply:
    return list_reply(
        call, "dead_letters", lambda page: ports().lists.dead_letters(call.staff.tenant, page), to_json
    )


def _replay_dead_letter(call: Call) -> Reply:
    letter = path_id(call.path["letter"])
    return Reply(to_json(replay_dead_letter(ports(), tenant=call.staff.tenant, letter=letter)), status=202)


def _get_support(call: Call) -> Reply:
    return privacy.support_reply(call, ports())


def _allow_support(call: Call) -> Reply:
    body = read(privacy.SupportBody, call.body)
    grant = allow_support(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        reason=body.reason,
        ticket=body.ticket,
        hours=body.hours,
    )
    return Reply(privacy.grant_view(grant), status=201)


def _lock_support(call: Call) -> Reply:
    locked = read(privacy.LockBody, call.body).locked
    lock_support(ports(), tenant=call.staff.tenant, subject=call.staff.subject, locked=locked)
    return Reply({"locked": locked})


def _revoke_support(call: Call) -> Reply:
    who = call.staff
    grant = revoke_support(ports(), tenant=who.tenant, grant=path_id(call.path["grant"]), subject=who.subject)
    return Reply(privacy.grant_view(grant))


def _list_audit(call: Call) -> Reply:
    return list_reply(
        call, "entries", lambda page: ports().lists.audit(call.staff.tenant, page), privacy.entry_view
    )


def _export(call: Call) -> Reply:
    body = read(privacy.ExportBody, call.body)
    page = read_export(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        resource=body.resource,
        customer=body.customer,
        after=body.after,
    )
    return Reply(privacy.export_page_view(page))


def _list_erasures(call: Call) -> Reply:
    return list_reply(
        call, "erasures", lambda page: ports().lists.erasures(call.staff.tenant, page), privacy.erasure_view
    )


def _start_erasure(call: Call) -> Reply:
    body = read(privacy.ErasureBody, call.body)
    job = start_erasure(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        confirm=body.confirm,
        resource=body.resource,
        customer=body.customer,
    )
    return Reply(privacy.erasure_view(job), status=202)


def _get_erasure(call: Call) -> Reply:
    job = ports().archive.get(call.staff.tenant, path_id(call.path["erasure"]))
    return Reply(privacy.erasure_view(job))


ROUTES = (
    owner("GET", "/", _get),
    owner("PUT", "/", _put, body=True),
    owner("GET", "/notices", _list_notices),
    owner("GET", "/dead_letters", _list_dead_letters),
    owner("POST", "/dead_letters/<letter>/replay", _replay_dead_letter),
    owner("GET", "/support", _get_support),
    owner("POST", "/support", _allow_support, body=True),
    owner("PUT", "/support", _lock_support, body=True),
    owner("DELETE", "/support/<grant>", _revoke_support),
    owner("GET", "/audit", _list_audit),
    owner("POST", "/export", _export, body=True),
    owner("GET", "/erasures", _list_erasures),
    owner("POST", "/erasures", _start_erasure, body=True),
    owner("GET", "/erasures/<erasure>", _get_erasure),
)
APP = Function("tenant", ROUTES, installation)


@functions_framework.http
def tenant(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
