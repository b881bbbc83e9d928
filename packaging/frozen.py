"""Where the packaged program starts; everything else starts at `lenet_gui.__main__`."""

import multiprocessing
import sys

if __name__ == "__main__":
    # Before anything else: a child process of torch's would open the program a second time.
    multiprocessing.freeze_support()

    from lenet_gui.__main__ import main

    sys.exit(main())
