"""/tokens/: the tokens of whoever asks."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts import tokens
from filemill.accounts.caller import Caller, caller_of
from filemill.accounts.models import NAME_MAX_CHARS, Scope, Token
from filemill.api import schema
from filemill.api.requests import json_body
from filemill.api.serializers import StrictSerializer, TextField
from filemill.core.errors import FieldError, Invalid, NotFound

_SCOPES = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=3)
OWNER = OpenApiParameter(
    "owner",
    str,
    OpenApiParameter.QUERY,
    description="Whose tokens, by user name; another than the caller only with the scope admin.",
)
TOKEN_ID = OpenApiParameter("token_id", {"type": "string", "pattern": "^[0-9a-f]{16}$"}, OpenApiParameter.PATH)


class TokenSerializer(serializers.ModelSerializer[Token]):
    """A token, without its secret."""

    owner = serializers.CharField(source="owner.username", help_text="The owner's user name.")
    scopes = _SCOPES

    class Meta:
        model = Token
        fields = ["id", "name", "owner", "scopes", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """A token that was just made, with its secret, which is never shown again."""

    token = serializers.CharField(help_text="The secret: send it as `Authorization: Bearer`.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class TokenRequestSerializer(StrictSerializer):
    """What a new token is for."""

    name = TextField(max_length=NAME_MAX_CHARS)
    scopes = _SCOPES
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="For ever, unless you say.")
    owner = TextField(max_length=150, required=False, help_text="Another than the caller only with the scope admin.")


class TokensView(APIView):
    """The tokens."""

    @extend_schema(
        operation_id="list_tokens",
        parameters=[OWNER],
        responses={
            200: inline_serializer("TokenList", {"results": TokenSerializer(many=True)}),
            **schema.problems(400, 404),
        },
    )
    def get(self, request: Request) -> Response:
        """List the tokens that were not revoked, newest first."""
        owner = _owner(*_who(request), request.query_params.get("owner"))
        found = tokens.living(owner).select_related("owner")
        return Response({"results": TokenSerializer(found, many=True).data})

    @extend_schema(
        operation_id="create_token",
        request=TokenRequestSerializer,
        responses={201: NewTokenSerializer, **schema.problems(400, 404, 408, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Make a token, which may do no more and last no longer than what it is made with."""
        caller, me = _who(request)
        serializer = TokenRequestSerializer(data=json_body(request))
        serializer.is_valid(raise_exception=True)
        asked: dict[str, Any] = serializer.validated_data
        for scope in asked["scopes"]:
            caller.require(scope)
        owner = _owner(caller, me, asked.get("owner"), makes=True)
        end = tokens.end_for(caller, asked.get("expires_at"))
        made, secret = tokens.issue(owner, asked["name"], asked["scopes"], end, caller.name)
        shown = {**TokenSerializer(made).data, "token": secret}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Location": f"/tokens/{made.id}/"})


class TokenView(APIView):
    """One token."""

    @extend_schema(
        operation_id="revoke_token",
        parameters=[TOKEN_ID],
        responses={204: None, **schema.problems(404)},
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke a token; it is refused from then on."""
        caller, me = _who(request)
        reached: QuerySet[Token] = Token.objects.all() if caller.sees_all else Token.objects.filter(owner=me)
        tokens.revoke(reached, token_id, caller.name)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _who(request: Request) -> tuple[Caller, User]:
    caller = caller_of(request)
    if caller.owner is None:
        raise NotFound("This service is open to whoever reaches it: there are no tokens to manage here.")
    return caller, caller.owner


def _owner(caller: Caller, me: User, name: str | None, *, makes: bool = False) -> User:
    if name is None or name == me.get_username():
        return me
    caller.require(Scope.ADMIN)
    found = User.objects.filter(username=name, is_active=True).first() if "\0" not in name else None
    if found is None:
        detail = "There is no such user."
        raise Invalid(detail, (FieldError("owner", "unknown", detail),))
    if makes and found.is_staff:
        detail = f"{name} is on the staff: such a token only they make themselves."
        raise Invalid(detail, (FieldError("owner", "invalid", detail),))
    return found
