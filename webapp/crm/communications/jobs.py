"""What follows a change of communications, apart from the request that made it."""

from __future__ import annotations

from webapp.crm.communications import queries
from webapp.kit import files
from webapp.kit.jobs import Work
from webapp.kit.outbox import OutboxEvent, Subscriber


def sweep_recording(work: Work, event: OutboxEvent) -> None:
    """Remove the file of a recording that no call needs; one that has been uploaded again meanwhile stays."""
    sha256 = str(event.data["sha256"])
    with work.transaction() as session:
        files.hold(session, sha256)
        if queries.recording_by_content(session, sha256) is None:
            (work.parts["settings"].recordings_dir / sha256).unlink(missing_ok=True)


SUBSCRIBERS = (Subscriber("communications.sweep_recording", "recording.orphaned", sweep_recording, replay_safe=True),)
