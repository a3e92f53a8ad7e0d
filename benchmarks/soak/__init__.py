"""Invitations, feeds and exports for ten minutes while everything fails.

    python -m benchmarks.soak [--minutes 10] [--messages 600]

    carrier     Solapi's double, with delays, outages and reports
    office      the companies and their administrators, who invite a few people every few seconds
    exchange    the files of calls that are dropped for each company, and the Excel files asked of them
    chaos       workers killed, PostgreSQL stopped, connections cut, messages delivered again
    checks      what must hold at the end, by SQL and against what the gateways really received

The whole system runs as on a laptop (`local.stack`), with a PostgreSQL of the soak's own that can be stopped.
"""
