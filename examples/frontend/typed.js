// Has Relay's compiler compile every example and leaves their TypeScript types in `typed/`.
//
// Relay reads operations only from `graphql` tags in source files, and wants each named after its file with "Query" or
// "Mutation" behind. So each example becomes such a file; the document itself is not touched.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Kind, parse, print } from "graphql";
import compiler from "relay-compiler";
import { examples, root } from "./examples.js";

if (examples.length === 0) throw new Error("there are no examples to compile");

const typed = join(import.meta.dirname, "typed");

// What the API's scalars are in JSON; the compiler refuses one that is missing here.
const scalars = { Date: "string", DateTime: "string", EmailAddress: "string", PhoneNumber: "string", Seconds: "number" };

rmSync(typed, { recursive: true, force: true });
mkdirSync(typed);

const taken = new Map();
for (const path of examples) {
  const document = parse(readFileSync(path, "utf8"));
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const file = relative(root, path);
    if (!definition.name) throw new Error(`${file}: its operation has no name`);
    const ending = definition.operation === "query" ? "Query" : "Mutation";
    const module = definition.name.value.endsWith(ending)
      ? definition.name.value.slice(0, -ending.length)
      : definition.name.value;
    if (taken.has(module)) throw new Error(`${file}: ${taken.get(module)} has an operation of the same name`);
    taken.set(module, file);
    definition.name.value = module + ending;
    const text = print(document).replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
    writeFileSync(
      join(typed, `${module}.ts`),
      `// ${file}\nimport { graphql } from "relay-runtime";\n\nexport default graphql\`\n${text}\n\`;\n`,
    );
  }
}

writeFileSync(
  join(typed, "relay.config.json"),
  JSON.stringify({
    src: ".",
    schema: "../../../schema/schema.graphql",
    language: "typescript",
    eagerEsModules: true,
    customScalarTypes: scalars,
    requireCustomScalarTypes: true,
    noSourceControl: true, // or it would stage the types in git
  }),
);
const { status } = spawnSync(compiler, ["--output", "quiet-with-errors", "relay.config.json"], {
  cwd: typed,
  stdio: "inherit",
});
rmSync(join(typed, "relay.config.json"));
console.log(`${taken.size} operations compiled${status === 0 ? ", their types are in examples/frontend/typed" : " with errors"}`);
process.exit(status ?? 1);
