"""Invitations: subscribers are asked to install the app, by text message and e-mail (IN-10).

    requesting   invite subscribers: those named, or all that a filter finds; also from within an import
    resending    send the failed and the unknown messages of invitations again, when a person asks for it
    writing      the statements that make invitations and their messages
    listing      what the API reads: invitations, batches, and how far a subscriber has come

Requesting writes rows and outbox messages in one transaction; `bizcall.dispatch.deliveries` carries them out.
"""

from bizcall.invitations.requesting import Requested, invite, send, send_filtered
from bizcall.invitations.resending import Resent, resend

__all__ = ["Requested", "Resent", "invite", "resend", "send", "send_filtered"]
