"""Real servers for tests, private to the process that starts them: nothing outlives it, even if it is killed."""

from services.nginx import Nginx, nginx
from services.postgres import Postgres, postgres
from services.redis import Redis, redis

__all__ = ["Nginx", "Postgres", "Redis", "nginx", "postgres", "redis"]
