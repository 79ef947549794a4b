"""What went wrong, said in one way: application/problem+json (RFC 9457).

Handlers raise; `problem_of` makes the answer. What is not known here is logged with its
trace and answered as a plain 500, so that nothing of the inside leaks out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from router.channels.bridge import BadEvent
from router.channels.standard_webhooks import BadSignature
from router.ingress import Refused
from router.log.ports import LogError
from router.owner import Unowned
from router.service import UnknownDesk, UnknownShop

logger = logging.getLogger("zhiban.http")

CONTENT_TYPE = "application/problem+json"

_encode = msgspec.json.Encoder().encode

TITLES: dict[int, tuple[str, str]] = {
    400: ("Not understood", "请求有误"),
    401: ("Not signed in, or the signature does not fit", "未认证或签名不符"),
    403: ("Not allowed", "没有权限"),
    404: ("Not found", "不存在"),
    405: ("Method not allowed", "方法不允许"),
    409: ("Refused", "规则不允许"),
    412: ("Changed meanwhile", "内容已被别人改过"),
    413: ("Too large", "内容过大"),
    422: ("Not acceptable to the rules", "不符合规则"),
    428: ("Say which version", "须说明所看的版本"),
    429: ("Too much at once", "请求过多"),
    500: ("Internal error", "内部错误"),
    503: ("Not available now", "暂时不可用"),
}

REASONS_ZH: dict[str, str] = {
    "agent_offline": "该客服不在线",
    "already_holds": "已由该子账号接待",
    "already_allowed": "该词语已在白名单里",
    "already_answered": "该申诉已经答复",
    "already_appealed": "这笔罚款已经申诉过",
    "already_confirmed": "该标记已经确认",
    "already_dismissed": "该标记已经驳回",
    "already_lifted": "这笔罚款已经免除或冲回",
    "already_promised": "已经有这个承诺了",
    "already_waived": "该违规已经免罚",
    "buyer_waiting": "买家还在等回复,不能关闭",
    "cannot_take": "对方现在不能接待",
    "counting": "正在统计,请稍候",
    "conduct_blocked": "这句话违反客服用语规则,不能发送",
    "conduct_warning": "这句话可能违反客服用语规则,请修改,或确认后再发",
    "bad_password": "密码太短、太长或太容易猜",
    "due_out_of_range": "承诺的时间应在 1 分钟到 30 天之间",
    "follow_up_owed": "还需要再次询问买家,不能关闭",
    "held_by_somebody": "已有客服在接待",
    "no_open_session": "会话已经结束",
    "no_pending_item": "没有待办的这一项",
    "no_pending_refund": "没有待处理的退款",
    "no_remark": "该订单没有备注",
    "no_provider": "没有配置第三方登录",
    "no_such_appeal": "没有这条申诉",
    "no_such_breach": "没有这条违规",
    "no_such_item": "没有这个工作项",
    "no_such_login": "这个登录已经结束",
    "no_such_user": "没有这个用户",
    "no_such_kind": "店铺的规则里没有这种工作",
    "no_such_order": "没有这个订单",
    "no_such_entry": "没有这笔账",
    "no_such_flag": "没有这条标记",
    "no_such_phrase": "白名单里没有这个词语",
    "not_a_call_back": "这不是承诺的回复",
    "not_a_charge": "这不是一笔罚款",
    "nobody_signed_on": "该子账号没有人登录",
    "not_holder": "不是你接待的",
    "not_yours": "不是你的会话",
    "open_sessions_choice_needed": "还有买家在等,请选择告知买家或转给同事",
    "other_address": "请从控制台的正式地址打开,再登录",
    "other_shop": "该子账号属于别的店铺",
    "provider_down": "登录服务暂时没有应答,请稍后再试",
    "own_appeal": "不能答复自己的申诉",
    "own_breach": "不能免除自己的罚款",
    "own_flag": "不能处理自己的标记",
    "bad_policy": "规则有错误,什么都没有改",
    "policy_changed": "规则刚刚被别人改过,请再看一眼",
    "reason_needed": "请写明原因",
    "too_many": "尝试次数太多,请稍后再试",
    "text_needed": "请写下做了什么",
    "wrong_password": "密码不对",
    "unknown_agent": "没有这位客服",
    "unknown_buyer": "没有这位买家",
    "unknown_sub_account": "没有这个子账号",
    "already_acknowledged": "已经接过班了",
    "already_filed": "这个班已经交过班",
    "answered_already": "这个问题已经回答",
    "bad_break": "休息时间不在班次之内",
    "bad_reply": "有几处要改",
    "bad_table": "文件里有错误,什么都没有导入",
    "empty_period": "时间段是空的",
    "empty_shift": "班次的结束应晚于开始",
    "ids_taken": "编号已被别的话术占用,请去掉编号再导入",
    "in_the_past": "这个班次已经过去",
    "library_full": "话术太多了,请先删掉一些",
    "library_unavailable": "话术库暂时不能用",
    "named_twice": "同一项写了两次",
    "no_such_handover": "没有这份交接班记录",
    "no_such_line": "没有这一行",
    "no_such_reply": "这条话术已经不在了",
    "no_such_question": "没有这个问题",
    "no_such_shift": "没有这个班次",
    "no_sub_account": "在那家店没有子账号,不能接这一项",
    "not_theirs": "这一项不是你的,或已经结束",
    "nothing_planned": "请写明班次应是怎样",
    "nothing_said": "请写明内容",
    "other_agent": "班次不是所排客服的",
    "outside_period": "班次不在所排的时间段里",
    "own_handover": "不能交给自己,也不能接自己的班",
    "own_question": "不能回答自己的问题",
    "roster_changed": "班表刚刚有变动,请重新核对后再导入",
    "same_agent": "两个班次是同一个人的",
    "shift_cancelled": "这个班次已经取消",
    "shift_has_begun": "班次已经开始",
    "shift_not_begun": "班次还没开始",
    "shift_over": "班次已经结束",
    "shift_too_long": "班次超过 16 小时",
    "shifts_overlap": "同一个人的班次重叠",
    "too_many_lines": "行数太多",
    "too_many_questions": "问题太多",
    "too_many_shifts": "班次太多",
}


class Problem(Exception):
    """An answer other than the one hoped for."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        reason: str = "",
        retry_after_s: int = 0,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reason = reason
        self.headers = dict(headers or {})
        if retry_after_s:
            self.headers["Retry-After"] = str(retry_after_s)
        self.more = more

    def body(self) -> bytes:
        title, title_zh = TITLES.get(self.status, ("Problem", "出错"))
        shown: dict[str, Any] = {
            "type": f"urn:zhiban:problem:{self.reason}" if self.reason else "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.reason:
            shown["reason"] = self.reason
        shown["title_zh"] = REASONS_ZH.get(self.reason, title_zh)
        return _encode(shown | self.more)

    def response(self) -> web.Response:
        return web.Response(
            status=self.status,
            body=self.body(),
            headers=self.headers | {"Cache-Control": "no-store"},
            content_type=CONTENT_TYPE,
        )


def problem_of(error: Exception) -> Problem:
    """The answer to whatever was raised."""
    match error:
        case Problem():
            return error
        case Refused():
            status = 429 if error.why == "too much at once" else 503
            return Problem(
                status, error.why, reason="shedding", retry_after_s=max(1, error.retry_after_s)
            )
        case Unowned():
            return Problem(503, str(error), reason="loading", retry_after_s=1)
        case TimeoutError():
            detail = "not answered in time; whether it was done is not known"
            return Problem(503, detail, reason="timeout", retry_after_s=2)
        case LogError():
            return Problem(503, "the log does not answer", reason="log", retry_after_s=5)
        case BadSignature():
            return Problem(401, str(error), reason="bad_signature")
        case BadEvent() | msgspec.DecodeError() | UnicodeDecodeError():
            return Problem(400, str(error), reason="bad_request")
        case UnknownShop():
            return Problem(404, str(error), reason="unknown_shop")
        case UnknownDesk():
            return Problem(404, str(error), reason="unknown")
        case web.HTTPRequestEntityTooLarge():
            return Problem(413, "the body is too large", reason="too_large")
        case web.HTTPException():
            return Problem(error.status, error.reason)
        case _:
            logger.error("unexpected", exc_info=error)
            return Problem(500, "an unexpected error; it is in the log")
