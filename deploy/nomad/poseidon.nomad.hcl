# The server on Nomad itself. Its tokens are in a Nomad variable, which only this job reads:
#   nomad var put nomad/jobs/poseidon server_token=… nomad_token=…
#   nomad job run -var image=registry.example.org/poseidon:0.1.0 deploy/nomad/poseidon.nomad.hcl

variable "image" {
  type        = string
  description = "What the Dockerfile makes, where the nodes can get it"
}

variable "port" {
  type    = number
  default = 7200
}

variable "runner_namespace" {
  type        = string
  default     = "default"
  description = "Where runners live: nomad.namespace of the server"
}

variable "nomad_address" {
  type        = string
  default     = "127.0.0.1"
  description = "The Nomad that the server speaks to; by default the agent of its own node"
}

variable "nomad_port" {
  type    = number
  default = 4646
}

variable "disable_force_pull" {
  type        = bool
  default     = false
  description = "nomad.disableforcepull: runners' images are on the nodes already"
}

job "poseidon" {
  # Over the runners', so that a full cluster still finds room for their server.
  priority = 80

  group "server" {
    # At an update the next one takes over the runners of the last. Should the two meet, on two nodes, they leave each other's runners alone.
    count = 1

    network {
      mode = "host"
      port "http" {
        static = var.port
      }
    }

    service {
      name     = "poseidon"
      provider = "nomad"
      port     = "http"

      # Not /health, which is 503 while a pool is filled: another server would not fill it faster.
      check {
        type     = "http"
        path     = "/api/v1/version"
        interval = "10s"
        timeout  = "5s"
      }
    }

    # It never gives up: without a server nobody gets a runner.
    restart {
      attempts = 10
      interval = "5m"
      delay    = "5s"
      mode     = "delay"
    }

    task "server" {
      driver = "docker"
      # More than server.shutdowntimeout.
      kill_timeout = "30s"

      config {
        image           = var.image
        network_mode    = "host"
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        pids_limit      = 128
      }

      env {
        POSEIDON_SERVER_ADDRESS         = "${NOMAD_IP_http}"
        POSEIDON_SERVER_PORT            = "${NOMAD_PORT_http}"
        POSEIDON_NOMAD_ADDRESS          = var.nomad_address
        POSEIDON_NOMAD_PORT             = "${var.nomad_port}"
        POSEIDON_NOMAD_DISABLEFORCEPULL = "${var.disable_force_pull}"
        POSEIDON_NOMAD_NAMESPACE        = var.runner_namespace
        POSEIDON_LOGGER_FORMATTER       = "JSONFormatter"
      }

      template {
        destination = "${NOMAD_SECRETS_DIR}/tokens.env"
        env         = true
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/poseidon" -}}
          POSEIDON_SERVER_TOKEN={{ .server_token | toJSON }}
          POSEIDON_NOMAD_TOKEN={{ .nomad_token | toJSON }}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 500
        memory = 512
      }
    }
  }
}
