"""The categories of quick replies, in the order of a sale, with their Chinese names."""

from __future__ import annotations

PAYMENT_REMINDER = "payment_reminder"
"""A reply of this category meets the work item of the same name (RULES §9)."""

CATEGORIES = {
    "greeting": "问候",
    "stock": "库存与材质",
    "care": "洗护与售后",
    "delivery": "发货物流",
    "ordering": "下单",
    PAYMENT_REMINDER: "催付",
    "order_check": "核对订单",
    "farewell": "告别",
    "refunds": "退款",
    "invoices": "发票",
    "other": "其他",
}

_BY_NAME = {name: category for category, name in CATEGORIES.items()}


def category_of(text: str) -> str | None:
    """The category with this id or Chinese name."""
    word = text.strip()
    return _BY_NAME.get(word) or (word.lower() if word.lower() in CATEGORIES else None)
