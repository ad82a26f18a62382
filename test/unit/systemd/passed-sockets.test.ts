import { expect, it } from "vitest";
import { passedSockets } from "../../../src/systemd/passed-sockets.js";

it.each([
  [{ LISTEN_PID: "7", LISTEN_FDS: "1" }, [3]],
  [{ LISTEN_PID: "7", LISTEN_FDS: "3" }, [3, 4, 5]],
  [{ LISTEN_PID: "8", LISTEN_FDS: "1" }, []],
  [{ LISTEN_FDS: "1" }, []],
  [{ LISTEN_PID: "7" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "0" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "-1" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "x" }, []],
])("reads %o", (environment, expected) => {
  expect(passedSockets(environment, 7)).toEqual(expected);
});
