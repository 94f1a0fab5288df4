from tests.access.routes.replay import run
from tests.access.rules import SEE, both

ROUTES = [*both(["snippets:run"], SEE, args=run)]
