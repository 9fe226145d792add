"""A bank's own control routes: its accounts."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bank.ledger import Ledger
from sandbox.bank.rules import Account
from sandbox.control import wrong
from sandbox.logs import say
from sandbox.store import Store


class AccountChange(BaseModel):
    """What may be set of an account; the name is needed to open one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=100)
    balance: Decimal = Field(ge=0, max_digits=15, decimal_places=2)


def routes(store: Store, ledger: Ledger) -> list[Route]:
    """`GET /accounts`, and `GET`, `PUT`, `DELETE` (close) `/accounts/{number}`."""

    def get_accounts(_: Request) -> Response:
        with store.transaction():
            return JSONResponse([_shown(account) for account in ledger.accounts()])

    def get_account(request: Request) -> Response:
        with store.transaction():
            account = ledger.account(request.path_params["number"])
        return JSONResponse(_shown(account)) if account else _unknown()

    def close_account(request: Request) -> Response:
        with store.transaction():
            account = ledger.account(request.path_params["number"])
            if account is None:
                return _unknown()
            closed = replace(account, closed=True)
            ledger.put_account(closed)
        say("account closed")
        return JSONResponse(_shown(closed))

    async def put_account(request: Request) -> Response:
        try:
            change = AccountChange.model_validate_json(await request.body())
        except ValidationError as error:
            return wrong(error)
        account = await asyncio.to_thread(
            _change, store, ledger, request.path_params["number"], change
        )
        if account is None:
            return JSONResponse({"error": "a new account needs a name"}, status_code=400)
        say("account changed")
        return JSONResponse(_shown(account))

    return [
        Route("/accounts", get_accounts),
        Route("/accounts/{number}", get_account),
        Route("/accounts/{number}", put_account, methods=["PUT"]),
        Route("/accounts/{number}", close_account, methods=["DELETE"]),
    ]


def _change(store: Store, ledger: Ledger, number: str, change: AccountChange) -> Account | None:
    with store.transaction():
        old = ledger.account(number)
        name = change.name or (old.name if old else None)
        if name is None:
            return None
        account = Account(number, name, change.balance)
        ledger.put_account(account)
        return account


def _unknown() -> Response:
    return JSONResponse({"error": "there is no such account"}, status_code=404)


def _shown(account: Account) -> dict[str, str | bool]:
    shown: dict[str, str | bool] = {
        "number": account.number,
        "name": account.name,
        "balance": f"{account.balance:.2f}",
    }
    return {**shown, "closed": True} if account.closed else shown
