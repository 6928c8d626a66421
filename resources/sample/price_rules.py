"""How the shop rounds prices and grants discounts."""

VAT_PERCENT = 19
BULK_DISCOUNT_FROM = 250


def discount_percent(copies: int, is_member: bool) -> int:
    """Members of the cooperative get 8 percent; orders of 250 copies or more get 12 percent; the higher one counts."""
    bulk = 12 if copies >= BULK_DISCOUNT_FROM else 0
    member = 8 if is_member else 0
    return max(bulk, member)


def gross_price_cents(net_cents: int) -> int:
    """The price with VAT, rounded up to the next five cents."""
    gross = net_cents * (100 + VAT_PERCENT) / 100
    return int(-(-gross // 5) * 5)
