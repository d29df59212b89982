"""How a service rolls out on AWS: what ECS decides, what a load balancer thinks of a target, what is kept of it.

Pure: it looks at nothing but its arguments, and the time is one of them. The shapes are those of the ECS API; keys that
begin with an underscore are our own notes and never leave the local AWS.
"""
