"""The real parts: systemd, nginx, apt, PostgreSQL, pip, a client on the network."""

from __future__ import annotations

from appliance.release.update.layout import Layout
from appliance.release.update.machine.backups import PhysicalBackups
from appliance.release.update.machine.bundles import SignedBundles
from appliance.release.update.machine.checks import DiskRoom, OstrovDoctor
from appliance.release.update.machine.cluster import DebianCluster
from appliance.release.update.machine.debian import BundlePackages
from appliance.release.update.machine.hooks import FolderHooks
from appliance.release.update.machine.installing import WheelInstaller
from appliance.release.update.machine.pages import NginxFront, SocketInstances
from appliance.release.update.machine.probing import ClientProber
from appliance.release.update.machine.schema import MigratedDatabase
from appliance.release.update.machine.units import SystemdServices
from appliance.release.update.ports import Machine


def real_machine(layout: Layout) -> Machine:
    """Everything of a provisioned server."""
    services = SystemdServices()
    cluster = DebianCluster(services)
    return Machine(
        bundles=SignedBundles(layout),
        services=services,
        front=NginxFront(layout),
        instances=SocketInstances(layout, services),
        packages=BundlePackages(layout),
        installer=WheelInstaller(layout),
        database=MigratedDatabase(layout, cluster),
        backups=PhysicalBackups(cluster, layout.backups),
        prober=ClientProber(layout),
        doctor=OstrovDoctor(layout),
        room=DiskRoom(),
        hooks=FolderHooks(layout),
    )
