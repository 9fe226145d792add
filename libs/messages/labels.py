"""Pydantic's errors, told with the form's Chinese labels: what is wrong, what would be right."""

from collections.abc import Callable
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from libs.messages import shapes
from libs.messages.errors import FieldError, RulesBroken

Context = dict[str, Any]
Sentence = Callable[[Context, Any], tuple[str, str]]

ERRORS_MAX = 100  # one message never answers with more


def field_errors(model: type[BaseModel], error: ValidationError) -> tuple[FieldError, ...]:
    """Every wrong field of `error`, in the order of the form."""
    details = error.errors(include_url=False)[:ERRORS_MAX]
    groups = {detail["loc"][:size] for detail in details for size in range(len(detail["loc"]))}
    # a list whose rows are wrong is not too short: pydantic counts the right rows only
    told = [row for row in details if row["type"] != "too_short" or row["loc"] not in groups]
    return tuple(found for detail in told for found in _errors_of(model, detail))


def _errors_of(model: type[BaseModel], detail: ErrorDetails) -> tuple[FieldError, ...]:
    broken = detail.get("ctx", {}).get("error")
    if not isinstance(broken, RulesBroken):
        return (_field_error(model, detail),)
    prefix = locate(model, detail["loc"])[0]
    return tuple(
        replace(rule, path=f"{prefix}.{rule.path}" if prefix else rule.path)
        for rule in broken.rules
    )


def _field_error(model: type[BaseModel], detail: ErrorDetails) -> FieldError:
    context: Context = dict(detail.get("ctx", {}))
    path, label, info = locate(model, detail["loc"])
    sentence = _SENTENCES.get(detail["type"])
    problem, expected = (
        sentence(context, detail.get("input")) if sentence else ("内容有误", detail["msg"])
    )
    if detail["type"] == "value_error":
        problem, expected = _told(context.get("error"))
    return FieldError(path, label, problem, expected or _hint(info))


def _told(error: object) -> tuple[str, str]:
    """A sentence of our own; a second argument says what would be right."""
    arguments = error.args if isinstance(error, ValueError) else ()
    return str(arguments[0]) if arguments else "内容有误", str((*arguments, "", "")[1])


def locate(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, str, FieldInfo | None]:
    """The dotted path (rows counted from 1), the innermost Chinese label on it, and that field."""
    path, label, info = "", "报文", None
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            path += f"[{part + 1}]"
            continue
        path = f"{path}.{part}" if path else part
        info = _field(current, part)
        if info is None:
            continue
        label = info.title or part
        current = _model_in(info.annotation)
    return path, label, info


def _field(model: Any, name: str) -> FieldInfo | None:
    fields: dict[str, FieldInfo] = getattr(model, "model_fields", {})
    return next((f for n, f in fields.items() if name in (n, f.alias)), None)


def _model_in(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType, Annotated, tuple, list):
        for arg in get_args(annotation):
            if (found := _model_in(arg)) is not None:
                return found
        return None
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )


def _hint(info: FieldInfo | None) -> str:
    return (info.description or "") if info else ""


def _count(context: Context, key: str) -> str:
    return str(context.get(key, ""))


def _misshapen(pattern: str, value: object) -> tuple[str, str]:
    if isinstance(value, str) and not value.strip():
        return "必填项未填写", ""
    return "格式有误", shapes.WORDS.get(pattern, f"符合 {pattern}")


_SENTENCES: dict[str, Sentence] = {
    "missing": lambda c, v: ("必填项未填写", ""),
    "extra_forbidden": lambda c, v: ("未知的字段", "删除该字段"),
    "string_too_long": lambda c, v: ("内容过长", f"不超过 {_count(c, 'max_length')} 个字符"),
    "string_too_short": lambda c, v: ("内容过短", f"至少 {_count(c, 'min_length')} 个字符"),
    "string_type": lambda c, v: ("应为文字", ""),
    "string_pattern_mismatch": lambda c, v: _misshapen(str(c.get("pattern")), v),
    "string_unicode": lambda c, v: ("含有无法识别的字符", ""),
    "enum": lambda c, v: ("不在可选范围内", _count(c, "expected")),
    "decimal_parsing": lambda c, v: ("应为数字", shapes.DECIMAL_EXAMPLE),
    "decimal_max_digits": lambda c, v: ("数字过长", f"共 {_count(c, 'max_digits')} 位以内"),
    "decimal_max_places": lambda c, v: ("小数位过多", f"{_count(c, 'decimal_places')} 位小数以内"),
    "decimal_whole_digits": lambda c, v: ("整数位过多", f"{_count(c, 'whole_digits')} 位以内"),
    "finite_number": lambda c, v: ("应为有限的数字", shapes.DECIMAL_EXAMPLE),
    "greater_than": lambda c, v: ("数值过小", f"大于 {_count(c, 'gt')}"),
    "greater_than_equal": lambda c, v: ("数值过小", f"不小于 {_count(c, 'ge')}"),
    "less_than": lambda c, v: ("数值过大", f"小于 {_count(c, 'lt')}"),
    "less_than_equal": lambda c, v: ("数值过大", f"不大于 {_count(c, 'le')}"),
    "int_type": lambda c, v: ("应为整数", "例如 10"),
    "int_parsing": lambda c, v: ("应为整数", "例如 10"),
    "bool_type": lambda c, v: ("应为是或否", "true 或 false"),
    "bool_parsing": lambda c, v: ("应为是或否", "true 或 false"),
    "date_parsing": lambda c, v: ("没有这一天", shapes.DAY_EXAMPLE),
    "date_from_datetime_parsing": lambda c, v: ("没有这一天", shapes.DAY_EXAMPLE),
    "datetime_parsing": lambda c, v: ("没有这一时间", shapes.TIME_EXAMPLE),
    "datetime_from_date_parsing": lambda c, v: ("没有这一时间", shapes.TIME_EXAMPLE),
    "uuid_parsing": lambda c, v: ("应为 UUID", shapes.UUID_EXAMPLE),
    "too_long": lambda c, v: ("条目过多", f"不超过 {_count(c, 'max_length')} 条"),
    "too_short": lambda c, v: ("条目过少", f"至少 {_count(c, 'min_length')} 条"),
    "tuple_type": lambda c, v: ("应为列表", ""),
    "model_type": lambda c, v: ("应为一组字段", ""),
}
