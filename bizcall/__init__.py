"""The business: every rule, query and adapter; knows no GraphQL, no Lambda event, no HTTP."""
