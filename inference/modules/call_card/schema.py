"""What `call_card` takes and gives."""

from appliance.contract.modules import CallCardInput as Input
from appliance.contract.modules import CallCardOutput as Output

__all__ = ["Input", "Output"]
