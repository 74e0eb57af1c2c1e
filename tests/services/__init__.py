"""Real servers and disks for tests, private to the process that starts them: nothing outlives it, even if it dies."""

from services.disk import small_disk
from services.postgres import Postgres, postgres
from services.rabbitmq import RabbitMQ, rabbitmq
from services.redis import Redis, redis

__all__ = ["Postgres", "RabbitMQ", "Redis", "postgres", "rabbitmq", "redis", "small_disk"]
