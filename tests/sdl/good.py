"""A schema that keeps all rules; tests break it in one place each."""

GOOD = '''
"""Root."""
type Query {
  """A list."""
  things(
    """How many."""
    first: Int,
    """From where."""
    after: String,
    """How many."""
    last: Int,
    """To where."""
    before: String,
    """Which."""
    filter: ThingFilter,
    """In which order."""
    orderBy: ThingOrder
  ): ThingConnection!
}
"""Filter."""
input ThingFilter {
  """Id."""
  id: ID
}
"""Order."""
input ThingOrder {
  """Which way."""
  direction: OrderDirection!
}
"""Ways."""
enum OrderDirection {
  """Up."""
  ASC
}
"""Number of things."""
type TotalCount {
  """Number."""
  value: Int!
}
"""Long work."""
interface Job {
  """When."""
  createdAt: DateTime!
}
"""A job."""
type Sending implements Job {
  """When."""
  createdAt: DateTime!
}
"""Root."""
type Mutation {
  """Saves."""
  thingSave(
    """Which."""
    id: ID!,
    """What."""
    input: ThingSaveInput!
  ): ThingSavePayload!
  """Sends."""
  thingSend(
    """What."""
    input: ThingSendInput!
  ): ThingSendPayload!
}
"""Input."""
input ThingSendInput {
  """Key."""
  idempotencyKey: String!
}
"""Payload."""
type ThingSendPayload {
  """The job."""
  sending: Sending
  """At most 400."""
  userErrors: [UserError!]!
}
"""Input."""
input ThingSaveInput {
  """Names, at most 5."""
  names: [String!]
}
"""Payload."""
type ThingSavePayload {
  """The thing."""
  thing: Thing
  """At most 500."""
  userErrors: [UserError!]!
}
"""Error."""
type UserError {
  """Code."""
  code: Colour!
}
"""Colours."""
enum Colour {
  """Red."""
  DARK_RED
}
"""Page."""
type ThingConnection {
  """At most 100."""
  edges: [ThingEdge!]!
  """At most 100."""
  nodes: [Thing!]!
  """Where."""
  pageInfo: PageInfo!
  """Count."""
  totalCount: TotalCount!
}
"""Edge."""
type ThingEdge {
  """Place."""
  cursor: String!
  """Thing."""
  node: Thing!
}
"""Info."""
type PageInfo {
  """Next."""
  hasNextPage: Boolean!
}
"""Moment."""
scalar DateTime
"""Day."""
scalar Date
"""Thing."""
type Thing {
  """Id."""
  id: ID!
  """When."""
  createdAt: DateTime!
  """When."""
  bornOn: Date
  """Whether."""
  isNew: Boolean!
  """Before."""
  old: Int @deprecated(reason: "Use `bornOn`; stays until 2027-03-01.")
}
'''
