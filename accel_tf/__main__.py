"""`python -m accel_tf` is `accel-tf`."""

import sys

from accel_tf.commands import main

if __name__ == "__main__":
    sys.exit(main())
