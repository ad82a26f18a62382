/** What is known of one metric of ours; docs/metrics.md is generated from it. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  /** Labels have few values each: none is a runner's, a client's or a user's. */
  readonly labels: readonly string[];
}

/** A histogram; bounds of its buckets in the metric's unit. */
export interface HistogramDefinition extends MetricDefinition {
  readonly buckets: readonly number[];
}

/** From half a millisecond to ten seconds, for what a client waits for. */
const SHORT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From ten milliseconds to ten minutes, for what takes as long as a program or a cluster wants. */
const LONG = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What is counted. */
export const COUNTERS = {
  claims: {
    name: "poseidon_claims_total",
    help: "Claims. result: claimed, pool_empty, environment_unknown, failed. kind: reserved (marked ahead, no call to Nomad), marked (waited for its own mark), none (no runner was given out)",
    labels: ["result", "kind"],
  },
  executions: {
    name: "poseidon_executions_total",
    help: "Executions that are over. path: fast, plain, none (no command was started). outcome: exit, timeout, error, oom_killed, runner_stopped, client_gone",
    labels: ["path", "outcome"],
  },
  transferred: {
    name: "poseidon_transferred_bytes_total",
    help: "Bytes between clients and runners. kind: stdin, stdout, stderr, upload, download",
    labels: ["kind"],
  },
  httpRequests: {
    name: "poseidon_http_requests_total",
    help: "Requests of known routes that were answered. code: 101 for a WebSocket that was opened, 499 for a client that went before its answer",
    labels: ["route", "method", "code"],
  },
  httpRequestBytes: {
    name: "poseidon_http_request_body_bytes_total",
    help: "Bytes of request bodies that were read",
    labels: ["route"],
  },
  nomadRequests: {
    name: "poseidon_nomad_requests_total",
    help: "Calls to Nomad. code: the HTTP status, or unreachable or aborted where there was no answer",
    labels: ["route", "method", "code"],
  },
  reconnects: {
    name: "poseidon_nomad_event_stream_reconnects_total",
    help: "Times that Nomad's event stream broke, or could not be opened, and was opened anew",
    labels: [],
  },
  events: {
    name: "poseidon_nomad_events_total",
    help: "Events that came over Nomad's event stream",
    labels: ["topic"],
  },
  repairs: {
    name: "poseidon_nomad_snapshot_repairs_total",
    help: "Differences between Nomad and what its events had told, found and repaired by snapshots; they should be zero",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** What is measured in seconds. */
export const HISTOGRAMS = {
  httpDuration: {
    name: "poseidon_http_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer; for WebSockets to their close",
    labels: ["route"],
    buckets: SHORT,
  },
  stepDuration: {
    name: "poseidon_step_duration_seconds",
    help: "Time that one step took. step: claim, mark (that a claim waited for), register (a job, with its evaluation), exec_open (an exec session), list (until its first entries), upload, download (until its first bytes), snapshot, recovery",
    labels: ["step"],
    buckets: SHORT,
  },
  executionDuration: {
    name: "poseidon_execution_duration_seconds",
    help: "Time from the opening of an execution's WebSocket to the end of its command",
    labels: [],
    buckets: LONG,
  },
  nomadDuration: {
    name: "poseidon_nomad_request_duration_seconds",
    help: "Time that a call to Nomad took, its answer's body included",
    labels: ["route"],
    buckets: SHORT,
  },
  poolRefill: {
    name: "poseidon_pool_refill_duration_seconds",
    help: "Time that a pool had fewer idle runners than its size, until it was full again",
    labels: [],
    buckets: LONG,
  },
  eventLag: {
    name: "poseidon_nomad_event_lag_seconds",
    help: "Age of an allocation's or evaluation's change when its event came, by Nomad's clock and ours",
    labels: [],
    buckets: SHORT,
  },
} as const satisfies Record<string, HistogramDefinition>;

/** What is looked at when somebody asks. */
export const GAUGES = {
  buildInfo: {
    name: "poseidon_build_info",
    help: "1, with the version as label",
    labels: ["version"],
  },
  ready: {
    name: "poseidon_ready",
    help: "1 once the recovery is done, 0 before and while stopping",
    labels: [],
  },
  poolSize: {
    name: "poseidon_pool_size",
    help: "Idle runners that an environment is to have (prewarmingPoolSize)",
    labels: ["environment_id"],
  },
  poolRunners: {
    name: "poseidon_pool_runners",
    help: "Runners of an environment. state: idle (reserved ones included), reserved, starting, used",
    labels: ["environment_id", "state"],
  },
  executionsRunning: {
    name: "poseidon_executions_running",
    help: "WebSockets of executions that are open",
    labels: [],
  },
  httpUnderWay: {
    name: "poseidon_http_requests_in_progress",
    help: "Requests, WebSockets included, without a whole answer yet",
    labels: [],
  },
  streamConnected: {
    name: "poseidon_nomad_event_stream_connected",
    help: "1 while Nomad's event stream is open and a snapshot was taken since",
    labels: [],
  },
  lastFrame: {
    name: "poseidon_nomad_event_stream_last_frame_timestamp_seconds",
    help: "When the last frame (events or heartbeat, each 30 s at the latest) came over the event stream; 0 before the first",
    labels: [],
  },
  execOpen: {
    name: "poseidon_nomad_exec_sessions_open",
    help: "Exec sessions at Nomad that are open or being opened",
    labels: [],
  },
  execRoom: {
    name: "poseidon_nomad_exec_sessions_room",
    help: "Further exec sessions that the fullest Nomad address has room for (nomad.connections); +Inf without a limit",
    labels: [],
  },
  certificateEnd: {
    name: "poseidon_tls_certificate_not_after_timestamp_seconds",
    help: "When the server's own certificate ends; absent without TLS",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;
