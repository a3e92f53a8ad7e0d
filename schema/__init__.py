"""What the API promises: types, inputs, enums, connections and errors; `schema.graphql` is its export."""
