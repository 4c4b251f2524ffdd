"""What `answer` takes and gives."""

from appliance.contract.modules import AnswerInput as Input
from appliance.contract.modules import AnswerOutput as Output

__all__ = ["Input", "Output"]
