// A typed query: the first lines of the company and who holds them. Needs TOKEN, which docs/frontend.md gets by curl.
import request, { type LinesQuery } from "./typed/__generated__/LinesQuery.graphql.js";

declare const process: { env: Record<string, string | undefined> };

const { API = "http://127.0.0.1:8000/graphql", TOKEN = "" } = process.env;

type Operation = { variables: object; response: unknown };

/** Sends an operation that Relay's compiler has typed, and throws what is no fault of the user. */
async function ask<O extends Operation>(
  { params }: { params: { text: string | null } },
  variables: O["variables"],
): Promise<O["response"]> {
  const answer = await fetch(API, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ query: params.text, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const { subscribers } = await ask<LinesQuery>(request, { first: 5, orderBy: { field: "NUMBER", direction: "ASC" } });
for (const { numberFormatted, subscriber } of subscribers.nodes) {
  console.log(numberFormatted, subscriber?.name ?? "-", subscriber?.department?.name ?? "-");
}
