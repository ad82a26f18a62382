/** What `poseidon --help` prints. */
export const HELP = `Usage: poseidon [COMMAND] [OPTIONS]

Hands out prewarmed containers on HashiCorp Nomad and runs commands in them.

Commands:
  serve         Run the server (this is also what happens without a command).
  doctor        Look at everything that the server needs: configuration, Nomad, rights, nodes, image, exec.
  agent         Run the embedded agent: one machine that speaks Nomad's API, on 127.0.0.1 only.
  demo [FILE]   Start agent and server on free ports, run FILE in a runner and show every step.
                FILE is a shell script, a Python program, a C file, or a folder with a Makefile
                that has a target "run". Without FILE an example is run.

Options of serve:
  --config PATH        The configuration file (default: ./configuration.yaml, if it is there).
  --check-config       Check the configuration and end: 0 if it can be used, 1 if not.

Options of doctor:
  --config PATH        As for serve.
  --image IMAGE        Try a runner with this image (default: that of an environment that there is).

Options of agent:
  --executor NAME      sandbox, process, docker or null (default: the best that works here).
  --docker-host unix:///PATH
                       Where Docker listens, for --executor docker (default: DOCKER_HOST,
                       else unix:///var/run/docker.sock).
  --port PORT          Port on 127.0.0.1 (default 4646, 0 is any free one).
  --cpu MHZ, --memory MB
                       What the node pretends to hold.
  --faults             Add the route that injects faults, for tests.
  --exit-with-stdin    End when standard input ends.
  The token is POSEIDON_NOMAD_TOKEN; without it a random one is made and printed.

Options of demo:
  --once               End with the program's exit code instead of staying up.
  --executor NAME, --docker-host unix:///PATH
                       As for agent.
  --image NAME         The environment's image (for --executor docker).
  --no-install         Do not install bubblewrap with apt-get where it is missing.

  --version            Print the version and end.
  --help, -h           Print this and end.

Every key of the configuration file can be set by a variable too: server.port is
POSEIDON_SERVER_PORT. docs/configuration.md describes them.

Signals: SIGTERM, SIGINT and SIGABRT stop, a second one ends at once. SIGHUP reads the
certificates again, SIGUSR2 writes the state of pools and runners to the log.
`;
