// The schema by graphql-eslint's own two sets of rules, the examples by its rules for operations.
// What sdl/lint.py demands besides is no business of a linter that knows neither payloads nor bounds.
import graphql from "@graphql-eslint/eslint-plugin";
import { examples, root } from "./examples.js";

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: {
        graphQLConfig: { schema: `${root}/schema/schema.graphql`, documents: examples },
      },
    },
  },
  {
    files: ["schema/schema.graphql"],
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // A list that is small by its nature is a plain list (its description tells how long); edges still must be in one.
      // Rows of statistics, of a sheet and the like are pages of values, which can't be asked for again by an id.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Payloads, edges, figures and the like are values: only what can be asked for again has an id.
      "@graphql-eslint/strict-id-in-types": "off",
    },
  },
  {
    files: ["examples/operations/**/*.graphql"],
    rules: {
      ...graphql.configs["flat/operations-recommended"].rules,
      // Relay's compiler adds the ids that its store needs; an example shows what a screen needs.
      "@graphql-eslint/require-selections": "off",
    },
  },
];
