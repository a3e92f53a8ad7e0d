"""How the API answers: Query and Mutation, limits, permissions, the ASGI application."""
