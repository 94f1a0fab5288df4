from tests.access.routes.replay import run
from tests.access.rules import SEE, both

ROUTES = [*both(["gateway:mock"], SEE, args=run)]
