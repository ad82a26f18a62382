# What the server may do at Nomad, and nothing else (docs/nomad-security.md). Put in the namespace of `nomad.namespace`.
namespace "default" {
  capabilities = ["list-jobs", "read-job", "submit-job", "parse-job", "alloc-exec"]
}

# Exec sessions go straight to the runner's node; without it they go over the server that is configured.
node {
  policy = "read"
}

# Only for the warnings at the start: an old version, memory oversubscription that is off.
agent {
  policy = "read"
}
operator {
  policy = "read"
}
