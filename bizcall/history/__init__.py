"""What the history of calls and messages shares with its statistics and its Excel (ST-02, ST-03, MS-01).

filters    the one filter: what it may be, and the conditions over facts that it is

It stands below statistics, which answer the same filter: tables of facts are passed in.
"""
