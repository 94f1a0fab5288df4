from playground.accounts.sign_in_links import create_sign_in_link
from tests.access.cast import Who
from tests.access.rules import ANY_MEMBER, PUBLIC, Answer, Route, rule

ROUTES = [
    Route("/admin/login/", rule(stranger=Answer.UNKNOWN, others=Answer.UNKNOWN)),
    Route("/i18n/setlang/", PUBLIC, method="post", data=lambda world: {"language": "en"}),
    Route("/healthz", PUBLIC),
    Route("/readyz", PUBLIC),
    Route("/metrics", dict.fromkeys(Who, Answer.UNKNOWN)),
    Route("accounts:sign-in", PUBLIC),
    Route("accounts:sign-in-link", PUBLIC, args=lambda world: {"token": create_sign_in_link(world.author)}),
    Route("accounts:sign-out", PUBLIC, method="post"),
    Route("accounts:account", ANY_MEMBER),
    # Without a mail server there is neither; of a mailed link nobody has one here.
    Route("accounts:email", rule(stranger=Answer.UNKNOWN, others=Answer.UNKNOWN), method="post"),
    Route("accounts:reset-by-mail", dict.fromkeys(Who, Answer.UNKNOWN)),
    Route("accounts:reset-confirm", PUBLIC, args=lambda world: {"uidb64": "MQ", "token": "no-such-token"}),
    Route("accounts:reset-done", PUBLIC),
]
