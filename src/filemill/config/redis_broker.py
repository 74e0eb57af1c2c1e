"""kombu's transport to Redis, which garbage does not end; a module apart, for only who uses Redis loads its client."""

from typing import Any

from kombu.transport import redis

from filemill.config.broker import AnyMessage, note


class RedisChannel(redis.Channel):
    """A channel that passes over what is no JSON, which would end the worker."""

    Message = AnyMessage

    def _brpop_read(self, **options: Any) -> Any:  # noqa: ANN401
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # the stubs leave it out
        except (ValueError, RecursionError) as error:
            note(error)
            return True  # something was read


class RedisTransport(redis.Transport):
    """The transport that `redis://` means in Filemill."""

    Channel = RedisChannel
