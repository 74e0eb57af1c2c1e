"""Real servers for tests, private to the process that starts them: nothing outlives it, even if it is killed."""

from services.postgres import Postgres, postgres
from services.rabbitmq import RabbitMQ, rabbitmq
from services.redis import Redis, redis

__all__ = ["Postgres", "RabbitMQ", "Redis", "postgres", "rabbitmq", "redis"]
