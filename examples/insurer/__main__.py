"""``python -m examples.insurer``: starts the insurer's systems and tells each call they get."""

from examples.insurer.systems import exports, systems
from examples.systems import stand

made = systems(8201)
stand(made, exports(made))
