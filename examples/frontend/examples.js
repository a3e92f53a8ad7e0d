// Where the examples are: every operation of a screen, a file each.
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

const folder = join(root, "examples/operations");

export const examples = (existsSync(folder) ? readdirSync(folder, { recursive: true }) : [])
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => join(folder, name));
