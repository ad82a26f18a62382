import type { AgentContext } from "../context.js";
import type { AgentAnswer } from "../request.js";

/** `GET /v1/status/leader`: the agent is its own leader. */
export function leader(context: AgentContext): AgentAnswer {
  return { body: context.node.address };
}

/** `GET /v1/agent/self`: the parts of it that tell which Nomad this is. */
export function agentSelf(context: AgentContext): AgentAnswer {
  const { settings, node } = context;
  return {
    body: {
      config: {
        Datacenter: settings.datacenter,
        Region: "global",
        NodeName: node.name,
        BindAddr: settings.address,
        AdvertiseAddrs: { HTTP: node.address },
        Client: { Enabled: true, MinDynamicPort: 20_000, MaxDynamicPort: 32_000 },
        Server: { Enabled: true },
        ACL: { Enabled: true },
        Limits: { HTTPMaxConnsPerClient: 0 },
        Version: {
          Version: "1.10.5",
          VersionPrerelease: "",
          VersionMetadata: "poseidon-agent",
          Revision: "",
        },
      },
      member: {
        Name: `${node.name}.global`,
        Addr: settings.address,
        Status: "alive",
        Tags: { build: "1.10.5", dc: settings.datacenter, region: "global", role: "nomad" },
      },
      stats: { nomad: { bootstrap: "true", leader: "true", server: "true" } },
    },
  };
}

/** `GET /v1/operator/scheduler/configuration`: memory oversubscription is on, so `MemoryMaxMB` counts. */
export function schedulerConfiguration(): AgentAnswer {
  return {
    index: 5,
    isRead: true,
    body: {
      Index: 5,
      KnownLeader: true,
      LastContact: 0,
      NextToken: "",
      SchedulerConfig: {
        CreateIndex: 5,
        MemoryOversubscriptionEnabled: true,
        ModifyIndex: 5,
        PauseEvalBroker: false,
        PreemptionConfig: {
          BatchSchedulerEnabled: false,
          ServiceSchedulerEnabled: false,
          SysBatchSchedulerEnabled: false,
          SystemSchedulerEnabled: false,
        },
        RejectJobRegistration: false,
        SchedulerAlgorithm: "binpack",
      },
    },
  };
}

/** `GET /v1/acl/token/self`: the agent has one token, which may do everything. */
export function tokenSelf(): AgentAnswer {
  return {
    index: 1,
    isRead: true,
    body: {
      AccessorID: "00000000-0000-0000-0000-000000000001",
      CreateIndex: 1,
      ExpirationTTL: "",
      ExpirationTime: null,
      Global: true,
      ModifyIndex: 1,
      Name: "Embedded agent token",
      Policies: null,
      Roles: null,
      Type: "management",
    },
  };
}
