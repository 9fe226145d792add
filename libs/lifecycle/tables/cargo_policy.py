"""货运险保单: the contract an insurer issues. Source: domain notes 4.3 row 50; manual 5.2.4."""

from libs.lifecycle.table import Action, Lifecycle, State, rows
from libs.messages.parties import Role

IN_FORCE = State("50", "保单生效", "in force")

ISSUE = Action("issue", "出单")

CARGO_POLICY = Lifecycle(
    "cargo-policy",
    "货运险保单",
    (IN_FORCE,),
    rows((None,), ISSUE, IN_FORCE, (Role.INSURER,), "CargoPolicyIssued", "保险公司已签发保单"),
)
