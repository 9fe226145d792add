"""`python -m tests.integration.service.run_toy NAME`: the toy service as a process of its own."""

import sys

from libs.service.runner import run
from tests.integration.service.toy import Toy

if __name__ == "__main__":
    sys.exit(run(Toy(sys.argv[1]).service))
