"""Real servers and disks for tests, private to the process that starts them: nothing outlives it, even if it dies."""

from services.disk import small_disk
from services.nginx import Nginx, nginx
from services.postgres import Postgres, new_database, postgres
from services.rabbitmq import RabbitMQ, rabbitmq
from services.redis import Redis, redis

__all__ = [
    "Nginx", "Postgres", "RabbitMQ", "Redis", "new_database", "nginx", "postgres", "rabbitmq", "redis", "small_disk",
]  # fmt: skip
