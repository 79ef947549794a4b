"""The rules in words, for who is charged by one: the shops' own text, and English beside it
(RULES §1, §4, §5, §6, §9)."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A rule in both languages."""

    zh: str
    en: str


RULES: dict[str, Words] = {
    "honorific": Words(
        "全程对话,开头、结尾必须用敬语。无敬语每句扣除10元",
        "The first message of a session, and the last one before its end, need an honorific",
    ),
    "short_reply": Words(
        "禁止使用少于5个字的短词语或者使用语气词、语气组合词回答买家询单。违规用词每句扣除10元",
        "No answers of fewer than 5 characters, and none of interjections or brush-offs alone",
    ),
    "reply": Words(
        "及时回答买家问题,反应时间控制在5分钟以内。买家询单,超过5分钟应答或无应答每次扣除20元",
        "A buyer is answered by a person within 5 minutes of beginning to wait",
    ),
    "away": Words(
        "当班离开前调离开状态;正有买家交流时,应先告知或转给其他当班客服,回来后接待买家完成询问。每次处罚20元",
        "Who leaves sets away first, tells their buyers or transfers them, and answers on return",
    ),
    "alternatives": Words(
        "对于不在线销售或暂时没上线的产品,禁止首次回答没有该产品,应先多次推荐相似产品。每次扣除10元",
        'At least 2 products are recommended before "we don\'t have it" is said',
    ),
    "order_check": Words(
        "买家下单后,发送订单信息给买家,核对订单信息无误。十分钟内不核对订单信息,每次扣除10元",
        "An order is shown to its buyer to be checked within 10 minutes of being placed",
    ),
    "abuse": Words(
        "禁止顶撞买家,和买家对骂,或对买家出言不逊,冷嘲热讽。每次扣除100元",
        "Buyers are not insulted",
    ),
    "follow_up": Words(
        "买家询单,回答无反应的情况,应在10-20分钟内再次询问买家需求。超时询问或不询问,每次扣除20元",
        "A buyer who falls silent after an answer is asked again 10 to 20 minutes later",
    ),
    "refund": Words(
        "当班客服及时处理退款,不得拖延,应在30分钟内解决买家退款。超时解决或者不解决,每次扣除30元",
        "A refund (mistaken order, reorder, changed mind) is settled within 30 minutes",
    ),
    "handover": Words(
        "做好客服交接班工作,通告接班客服接单情况,特殊情况等等。不交接班、不说明、不按时交接,每次每人扣除30元",
        "A shift ends with a handover, in time and with an account of what is open",
    ),
    "off_platform": Words("禁止引导买家到站外联系或付款", "No third-party contact or payment"),
    "close_order": Words(
        "只有买家可以关闭订单,客服不得关闭或提出关闭", "Only the buyer closes an order"
    ),
    "bank_transfer": Words("禁止提出银行转账", "No bank transfers are offered"),
    "invoice_refused": Words(
        "不得拒开发票,不得要买家承担税费、邮费", "Invoices are not refused, nor charged for"
    ),
    "impersonation": Words(
        "禁止冒充平台或平台工作人员", "Nobody poses as the platform or its staff"
    ),
    "prohibited": Words("禁止违法违禁内容", "No unlawful or prohibited content"),
    "harassment": Words(
        "买家没有回应时,禁止反复发送消息", "A silent buyer is not written to again and again"
    ),
    "slow_stall": Words(
        "请买家稍等,最好不要超过2分钟", "Who asks a buyer to wait is back within 2 minutes"
    ),
    "payment_reminder": Words(
        "拍下未付款的客户,按时提醒付款", "Who has not paid is reminded in time"
    ),
    "cod_confirm": Words(
        "货到付款的订单,及时联系买家核实", "Pay-on-delivery orders are confirmed in time"
    ),
    "address_check": Words("付款之后跟买家核对收件信息", "A paid order's address is checked"),
    "shipping_notice": Words(
        "货物发出去之后通知买家", "The buyer is told that the order has shipped"
    ),
    "review_case": Words("中差评及时处理", "Neutral and bad reviews are dealt with in time"),
    "call_back": Words("答应买家的回复,按时做到", "What was promised to a buyer is done in time"),
}

UNCHARGED: dict[str, Words] = {
    "nobody_held_it": Words("到期时没有人接待,记在客服台上", "Nobody held it when it fell due"),
    "came_too_late_to_the_holder": Words(
        "到接待人手里时离到期已不足宽限时间", "It reached its holder too late for them to help it"
    ),
    "out_of_service_hours": Words("不在服务时间内,只计不罚", "Outside the service hours"),
    "not_written_by_a_person": Words(
        "机器人或自动回复所写,不罚", "A bot or an automatic reply wrote it"
    ),
    "nobody_is_known_to_have_written_it": Words(
        "不知道是谁写的,不罚", "Nobody is known to have written it"
    ),
}


def words_of(rule: str) -> Words:
    """A rule that is not listed is named by its id."""
    return RULES.get(rule, Words(rule, rule))


def why_uncharged(why: str) -> Words:
    return UNCHARGED.get(why, Words(why, why))
