from __future__ import annotations

import grpc
import pytest
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from local.cloud_tasks.faults import ScriptedFaults
from local.cloud_tasks.server import TasksServer
from tests.local.cloud_tasks.engine_setup import EngineSetup


@pytest.fixture
def setup():
    """An engine on a virtual clock, with its worker."""
    return EngineSetup(faults=ScriptedFaults())


@pytest.fixture
def running(setup):
    """That engine, served over gRPC and REST."""
    with TasksServer(setup.engine) as server:
        yield server


@pytest.fixture
def client(running):
    """The official client, connected to it."""
    with grpc.insecure_channel(running.grpc_target) as channel:
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
