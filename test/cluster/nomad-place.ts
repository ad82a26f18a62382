import { Nomad } from "../support/nomad.js";

/** The real Nomad of the tests, with a namespace of its own for the caller: servers of other tests take no notice of it. */
export async function ownNamespace(name: string): Promise<Nomad> {
  const nomad = new Nomad({
    address: process.env.NOMAD_ADDR ?? "http://127.0.0.1:4646",
    token: process.env.NOMAD_TOKEN ?? "",
    namespace: `test-${name}-${process.pid}`,
  });
  await nomad.makeNamespace();
  return nomad;
}
