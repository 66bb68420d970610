"""The keys of Compose and Kamal that a manifest does not have, and what to write instead."""

_NOT_NEEDED = (
    "cap_add cap_drop container_name hostname init labels logging platform privileged "
    "profiles pull_policy security_opt stdin_open tmpfs tty"
)
_VARIABLES = (
    "in Mainstay: declare each one under 'variables' at the top, and list its name in this service's 'variables'"
)
_ADDRESSES = "in Mainstay: a variable {from: SERVICE} contains a service's address"
_REPLICAS = "in Mainstay: 'replicas', 'resources', 'strategy'"

_SERVICE = {
    "environment": _VARIABLES,
    "env": _VARIABLES,
    "env_file": f"{_VARIABLES}; set their values with mainstay set --from FILE",
    "depends_on": "in Mainstay: 'needs'",
    "links": _ADDRESSES,
    "ports": "in Mainstay: 'port' here, and a route under 'edge' at the top",
    "expose": "in Mainstay: 'port'",
    "healthcheck": "in Mainstay: 'health'",
    "entrypoint": "in Mainstay: 'command'",
    "cmd": "in Mainstay: 'command'",
    "working_dir": "in Mainstay: 'source', the folder that is copied, and in which the command runs",
    "secrets": "in Mainstay: a variable with secret: true, and 'deliver: file' to get it as a file",
    "configs": "in Mainstay: put the file into the service's 'source'",
    "deploy": _REPLICAS,
    "mem_limit": "in Mainstay: resources: {memory: 512Mi}",
    "cpus": "in Mainstay: resources: {cpus: 1}",
    "network_mode": _ADDRESSES,
    "networks": _ADDRESSES,
    **dict.fromkeys(_NOT_NEEDED.split(), "leave it out"),
}

_HEALTH = {
    "test": "in Mainstay: 'command', or 'ready: /PATH'",
    "path": "in Mainstay: 'ready'",
    "start_period": "in Mainstay: 'within'",
    "start_interval": "in Mainstay: 'interval'",
    "retries": "in Mainstay: 'within' while it starts, 'stuck_after' for 'live'",
}

_SYSTEM = {
    "name": "in Mainstay: 'system'",
    "service": "in Mainstay: 'services'",
    "env": "in Mainstay: 'variables'",
    "volumes": "in Mainstay: declare a volume where it is used, at the service: volumes: [NAME:PATH]",
    "networks": _ADDRESSES,
    "secrets": "in Mainstay: a variable with secret: true",
    "configs": "in Mainstay: put the file into the service's 'source'",
    "accessories": "in Mainstay: 'datastores', or a service",
    "proxy": "in Mainstay: 'edge'",
    "servers": "in Mainstay: 'services'",
}

INSTEAD = {"ServiceSection": _SERVICE, "HealthSection": _HEALTH, "SystemSection": _SYSTEM}
"""For each section class, by name: the keys of other tools, each with the remedy that the error names."""
