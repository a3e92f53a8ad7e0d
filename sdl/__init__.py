"""What publishes the schema; no function of the product runs it. `python -m sdl` is the command (`scripts/schema`).

publishing   writes or checks what is generated from the code
lint         the rules of the API that a machine can check
changes      what is new, surprises or breaks since the last release, and whether the changelog tells
guide        the tables in the guide for front-end teams
"""
