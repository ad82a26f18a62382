import { expect, it } from "vitest";
import { mappedPorts } from "../../../src/runner/mapped-ports.js";

it("shows ports in their order, IPv6 addresses in brackets", () => {
  const ports = [
    { Label: "80", To: 80, Value: 23456, HostIP: "10.0.0.5" },
    { Label: "22", To: 22, Value: 20000, HostIP: "2001:db8::1" },
  ];
  expect(mappedPorts(ports)).toEqual([
    { exposedPort: 80, hostAddress: "10.0.0.5:23456" },
    { exposedPort: 22, hostAddress: "[2001:db8::1]:20000" },
  ]);
  expect(mappedPorts([])).toEqual([]);
});
