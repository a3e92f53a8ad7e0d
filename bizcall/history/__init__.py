"""What the history of calls and messages shares with its statistics and its Excel (ST-02, ST-03, MS-01).

filters     the one filter: what it may be
conditions  that filter as SQL, over facts and over rollups
listing     pages and counts of facts
tails       which numbers end in given digits
lines       on which lines a filter's facts lie, and whether they are too many to look through
keys        by which one call or message is found again

It stands below statistics, which answer the same filter: tables of facts are passed in.
"""
