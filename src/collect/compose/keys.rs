//! The keys of the Compose Specification, for finding misspelt ones.

/// Top level.
pub(super) const TOP: &[&str] =
    &["version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models"];

/// A service.
pub(super) const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "driver_opts",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// `healthcheck`.
pub(super) const HEALTH: &[&str] = &["disable", "interval", "retries", "test", "timeout", "start_period", "start_interval"];

/// `build`.
pub(super) const BUILD: &[&str] = &[
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "entitlements",
    "extra_hosts",
    "isolation",
    "labels",
    "network",
    "no_cache",
    "platforms",
    "privileged",
    "provenance",
    "pull",
    "sbom",
    "secrets",
    "shm_size",
    "ssh",
    "tags",
    "target",
    "ulimits",
];

/// `deploy`.
pub(super) const DEPLOY: &[&str] = &[
    "endpoint_mode",
    "labels",
    "mode",
    "placement",
    "replicas",
    "resources",
    "restart_policy",
    "rollback_config",
    "update_config",
];

/// `deploy.resources`.
pub(super) const RESOURCES: &[&str] = &["limits", "reservations"];

/// `deploy.resources.limits`.
pub(super) const LIMITS: &[&str] = &["cpus", "memory", "pids"];

/// `deploy.resources.reservations`.
pub(super) const RESERVATIONS: &[&str] = &["cpus", "memory", "devices", "generic_resources"];

/// `deploy.restart_policy`.
pub(super) const RESTART: &[&str] = &["condition", "delay", "max_attempts", "window"];

/// `logging`.
pub(super) const LOGGING: &[&str] = &["driver", "options"];

/// A top-level network.
pub(super) const NETWORK: &[&str] =
    &["attachable", "driver", "driver_opts", "enable_ipv4", "enable_ipv6", "external", "internal", "ipam", "labels", "name"];

/// A top-level volume.
pub(super) const VOLUME: &[&str] = &["driver", "driver_opts", "external", "labels", "name"];

/// A top-level secret or config.
pub(super) const SECRET: &[&str] =
    &["content", "driver", "driver_opts", "environment", "external", "file", "labels", "name", "template_driver"];
