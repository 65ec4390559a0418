from __future__ import annotations

import grpc
import pytest
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from local.cloud_tasks.faults import ScriptedFaults
from local.cloud_tasks.running import Running
from tests.local.cloud_tasks.world import World


@pytest.fixture
def world():
    """An engine on a virtual clock."""
    return World(faults=ScriptedFaults())


@pytest.fixture
def running(world):
    """That engine behind both faces."""
    with Running(world.engine) as server:
        yield server


@pytest.fixture
def client(running):
    """The official client, pointed at it."""
    with grpc.insecure_channel(running.grpc_target) as channel:
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
