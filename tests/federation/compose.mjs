// Composes subgraphs, given as NAME=ADDRESS=FILE, and prints the supergraph; prints what is wrong and ends with 1 otherwise.
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const services = process.argv.slice(2).map((given) => {
  const [name, url, file] = given.split("=");
  return { name, url, typeDefs: parse(readFileSync(file, "utf8")) };
});
const composed = composeServices(services);
if (composed.errors?.length) {
  console.error(composed.errors.map(String).join("\n"));
  process.exit(1);
}
console.log(composed.supergraphSdl);
