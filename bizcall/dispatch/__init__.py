"""Messages that leave: written with the change that causes them, published after commit, taking effect once.

    bodies          what the messages of queues hold: keys of rows
    outbox.put      in the business transaction: one row per message
    outbox.publish  right after commit, by the same process
    outbox.sweep    by schedule: what a process that died left behind
    inbox.first_time  in the consumer's transaction: a message that arrives again changes nothing
    sms.deliver     the consumer of the queue `sms`: verification codes (codes) and account_messages
    deliveries.deliver  the consumer of the queue `deliveries`: messages of invitations (IN-10)
    claims          the statements of such a message's life; breaker: failing gateways
    messages        its words; wording: those of all but codes; texts and mails: how they are sent
    resolving       by schedule: messages whose worker died, or whose gateway gave no answer
    reports         what gateways report, folded into the state of the messages
    dead_letters    what was given up, with its reason

Own code rather than a library: the libraries that know outboxes bring a broker or a store of their own, and what makes
this one right is that it is rows of the same transaction.
"""

from bizcall.dispatch.bodies import Malformed
from bizcall.dispatch.codes import Outcome
from bizcall.dispatch.inbox import first_time, prune
from bizcall.dispatch.outbox import publish, put, sweep
from bizcall.dispatch.sms import deliver

__all__ = ["Malformed", "Outcome", "deliver", "first_time", "prune", "publish", "put", "sweep"]
