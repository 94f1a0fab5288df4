from tests.access.rules import ANY_MEMBER, ANY_OWNER, Route

ROUTES = [
    Route("usage:usage", ANY_MEMBER),
    Route("usage:download", ANY_MEMBER),
    Route("usage:limits", ANY_OWNER),
    Route("usage:limits", ANY_OWNER, method="post", data=lambda world: {"max_live_runs": "5"}),
]
