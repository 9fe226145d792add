"""`python -m tests.integration.service.run_toy NAME…`: toy services in a process of their own."""

import sys

from libs.service.runner import run
from tests.integration.service.toy import Toy

if __name__ == "__main__":
    sys.exit(run(*(Toy(name).service for name in sys.argv[1:])))
