"""모듈 설명."""

from functools import cache


# 더하기
@cache
def add(a: int, b: int) -> int:
    def inner() -> int:
        return a + b

    return inner()


class Shop(dict[str, int]):
    """가게."""

    async def open(self) -> None: ...


async def later() -> None: ...
